-- Who has read a record that is marked confidential or secret, when and what of it (P12).

CREATE TABLE accesses (
    org TEXT NOT NULL REFERENCES organisations (id),
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    number TEXT NOT NULL,
    user_name TEXT NOT NULL,
    role TEXT NOT NULL,
    action TEXT NOT NULL,
    PRIMARY KEY (org, id)
) WITHOUT ROWID;

CREATE INDEX accesses_of ON accesses (org, number, id);
CREATE INDEX accesses_at ON accesses (org, at);
