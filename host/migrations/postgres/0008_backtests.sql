-- Dry runs: what a candidate would have decided. The dry run itself is a job; its batches add up to its summary, and
-- every decision that does not come out the same is kept with what differs.
CREATE TABLE backtest_batches (
    org TEXT NOT NULL,
    job TEXT NOT NULL,
    n BIGINT NOT NULL,
    last TEXT NOT NULL,
    summary TEXT NOT NULL,
    PRIMARY KEY (org, job, n)
);

CREATE TABLE backtest_decisions (
    org TEXT NOT NULL,
    job TEXT NOT NULL,
    decision TEXT NOT NULL,
    number TEXT NOT NULL,
    at BIGINT NOT NULL,
    sort TEXT NOT NULL,
    change_group TEXT NOT NULL,
    money TEXT,
    differences TEXT NOT NULL,
    output TEXT,
    PRIMARY KEY (org, job, decision)
);
CREATE INDEX backtest_decisions_group ON backtest_decisions (org, job, change_group, decision);
