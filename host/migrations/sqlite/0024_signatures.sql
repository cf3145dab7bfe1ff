-- What lists need of a record's other values while they walk the index (store::index::Facets::signature). Rows that are
-- there already say nothing of it: their record is looked up, as before.
ALTER TABLE field_index ADD COLUMN signature INTEGER NOT NULL DEFAULT -1;
