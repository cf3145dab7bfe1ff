-- Configuration management: redundancy groups of relations, the guard of relations that may not lead in a circle,
-- and the contents that baselines froze.

ALTER TABLE links ADD COLUMN redundancy TEXT NOT NULL DEFAULT '';

-- Counts the units that added a relation which may not lead in a circle; taken after the records, before the
-- organisation's own row.
CREATE TABLE relation_guards (
    org TEXT PRIMARY KEY,
    revision BIGINT NOT NULL
);

-- What a record was when a baseline was taken; written once with the baseline, never changed.
CREATE TABLE baseline_contents (
    org TEXT NOT NULL,
    baseline TEXT NOT NULL,
    number TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (org, baseline, number)
);
