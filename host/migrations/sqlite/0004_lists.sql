-- Lists and search. A record has a key: an integer that orders records by the time of their making. The index of field
-- values is narrow (path as a number, record as its key), what a list tests is kept beside it, one row a record, and
-- the words of every record are in a full-text index.

ALTER TABLE records ADD COLUMN key INTEGER NOT NULL DEFAULT 0;
UPDATE records SET key = s.key FROM (
    SELECT id, created_at * 1048576 + ROW_NUMBER() OVER (PARTITION BY created_at ORDER BY id) AS key FROM records
) s WHERE s.id = records.id;
CREATE UNIQUE INDEX records_key ON records (key);
DROP INDEX records_owner;
DROP INDEX records_updated;

-- Values by path; text order is value order (domain::record::index_entries). The number of a path is store::index::path.
DROP TABLE field_index;
CREATE TABLE field_index (
    path INTEGER NOT NULL,
    value TEXT NOT NULL,
    record INTEGER NOT NULL,
    PRIMARY KEY (path, value, record)
) WITHOUT ROWID;

-- The same values by record, in one text.
CREATE TABLE facets (
    record INTEGER PRIMARY KEY,
    tokens TEXT NOT NULL
);

CREATE VIRTUAL TABLE words USING fts5 (
    terms, content='', contentless_delete=1, detail='none', tokenize='ascii'
);

-- Records whose index is to be made anew when a server starts.
CREATE TABLE reindex (
    record_id TEXT PRIMARY KEY
) WITHOUT ROWID;
INSERT INTO reindex (record_id) SELECT id FROM records;
