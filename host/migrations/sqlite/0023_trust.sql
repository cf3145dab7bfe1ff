-- Who may ship components to an organisation, and what components may look up.

-- What an organisation takes without a signature. No row: everything, as before somebody decided.
CREATE TABLE trust_policies (
    org TEXT NOT NULL PRIMARY KEY REFERENCES organisations (id),
    unsigned TEXT NOT NULL,
    allowed TEXT NOT NULL,
    revision INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL
) WITHOUT ROWID;

-- Publishers' keys. A key is never removed: what it signed refers to it.
CREATE TABLE publisher_keys (
    org TEXT NOT NULL REFERENCES organisations (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    public_key TEXT NOT NULL,
    processes TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_until INTEGER,
    revoked_at INTEGER,
    revoked_because TEXT NOT NULL,
    revision INTEGER NOT NULL,
    added_at INTEGER NOT NULL,
    added_by TEXT NOT NULL,
    PRIMARY KEY (org, id)
) WITHOUT ROWID;

-- Signatures of a component, as JSON.
ALTER TABLE components ADD COLUMN signatures TEXT NOT NULL DEFAULT '[]';
-- What it may look up, as JSON; empty for nothing.
ALTER TABLE components ADD COLUMN lookup_grant TEXT NOT NULL DEFAULT '';
-- What the component looked up while it decided, as JSON; empty for nothing.
ALTER TABLE decisions ADD COLUMN lookups TEXT NOT NULL DEFAULT '';
