-- The indexed fields of each built-in kind by which its records are in the index: where a later version has others, their
-- records are put there anew when the server starts.
CREATE TABLE index_layouts (
    kind TEXT PRIMARY KEY,
    layout TEXT NOT NULL
);
