-- What lists need of a record's other values while they walk the index (store::index::Facets::signature). Rows that are
-- there already say nothing of it: their record is looked up, as before. In the index itself, so that the table is not
-- read for it.
ALTER TABLE field_index ADD COLUMN signature BIGINT NOT NULL DEFAULT -1;
ALTER TABLE field_index DROP CONSTRAINT field_index_pkey;
ALTER TABLE field_index ADD PRIMARY KEY (path, value, record) INCLUDE (signature);

-- The terms of a record begin with a shorter time than before: they are made anew when the server starts.
TRUNCATE words;
INSERT INTO reindex (record_id) SELECT id FROM records ON CONFLICT DO NOTHING;
