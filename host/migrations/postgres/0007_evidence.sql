-- Figures ask which records entered a state in a period; the words of the condition stand in the queries too.
CREATE INDEX audit_steps ON audit (org, action, at, number) WHERE substr(action, 1, 11) = 'transition:';

-- The figures of a service report as they were fixed: `hash` is the SHA-256 of `body`.
CREATE TABLE report_snapshots (
    org TEXT NOT NULL,
    hash TEXT NOT NULL,
    body TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (org, hash)
);
