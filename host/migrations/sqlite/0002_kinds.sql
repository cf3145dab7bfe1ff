-- Kinds shaped by organisations.

-- Counts the changes of an organisation's kinds; every unit checks it, so that no record is written under a kind that
-- has been replaced.
ALTER TABLE organisations ADD COLUMN kinds_generation INTEGER NOT NULL DEFAULT 0;

-- The version of its kind that a record was written under last; 0 is the built-in kind.
ALTER TABLE records ADD COLUMN kind_version INTEGER NOT NULL DEFAULT 0;

-- Rows are never changed but for their end; the one without an end is current.
CREATE TABLE kind_versions (
    org TEXT NOT NULL,
    slug TEXT NOT NULL,
    version INTEGER NOT NULL,
    prefix TEXT NOT NULL,
    body TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    base INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (org, slug, version)
);
CREATE INDEX kind_versions_current ON kind_versions (org, ended_at);

-- One change of an organisation's kinds at a time: it fills and drops parts of the index as it goes.
CREATE TABLE kind_leases (
    org TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    until INTEGER NOT NULL
);
