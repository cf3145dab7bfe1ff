-- How the samples of each source and metric run: how many in a row were high or low, and since when the present
-- episode lasts, with all its high ones (P46). One episode raises one event.

CREATE TABLE sample_runs (
    org TEXT NOT NULL REFERENCES organisations (id),
    source TEXT NOT NULL,
    metric TEXT NOT NULL,
    at INTEGER NOT NULL,
    high INTEGER NOT NULL,
    low INTEGER NOT NULL,
    total INTEGER NOT NULL,
    episode TEXT NOT NULL,
    PRIMARY KEY (org, source, metric)
) WITHOUT ROWID;
