-- How the samples of each source and metric run: how many in a row were high or low, and since when the present
-- episode lasts, with all its high ones (P46). One episode raises one event.

CREATE TABLE sample_runs (
    org TEXT NOT NULL REFERENCES organisations (id),
    source TEXT NOT NULL,
    metric TEXT NOT NULL,
    at BIGINT NOT NULL,
    high BIGINT NOT NULL,
    low BIGINT NOT NULL,
    total BIGINT NOT NULL,
    episode TEXT NOT NULL,
    PRIMARY KEY (org, source, metric)
);
