-- Work on records: jobs, comments, attachments, watchers, saved views.

-- What takes longer than a request may. `plan` is what the runner works from; `input` is what was asked, as it is shown.
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    org TEXT NOT NULL REFERENCES organisations (id),
    what TEXT NOT NULL,
    state TEXT NOT NULL,
    total BIGINT,
    done BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    input TEXT NOT NULL,
    plan TEXT NOT NULL,
    result TEXT NOT NULL,
    actor TEXT NOT NULL,
    roles TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    ended_at BIGINT,
    cancelled_by TEXT,
    tries BIGINT NOT NULL,
    claimed_by TEXT,
    claimed_until BIGINT NOT NULL
);
CREATE INDEX jobs_org ON jobs (org, id);
CREATE INDEX jobs_state ON jobs (state, claimed_until);

-- What became of each item of a job, from 1 on, in order.
CREATE TABLE job_items (
    job TEXT NOT NULL,
    n BIGINT NOT NULL,
    number TEXT NOT NULL,
    outcome TEXT NOT NULL,
    rule TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (job, n)
);
CREATE INDEX job_items_outcome ON job_items (job, outcome, n);

CREATE TABLE comments (
    id TEXT PRIMARY KEY,
    org TEXT NOT NULL,
    number TEXT NOT NULL,
    at BIGINT NOT NULL,
    author TEXT NOT NULL,
    role TEXT NOT NULL,
    visibility TEXT NOT NULL,
    body TEXT NOT NULL,
    first_answer BIGINT NOT NULL,
    retracted_at BIGINT,
    retracted_by TEXT,
    retract_reason TEXT
);
CREATE INDEX comments_number ON comments (org, number, id);

-- The bytes are in a file named by their SHA-256.
CREATE TABLE attachments (
    id TEXT PRIMARY KEY,
    org TEXT NOT NULL,
    number TEXT NOT NULL,
    at BIGINT NOT NULL,
    author TEXT NOT NULL,
    role TEXT NOT NULL,
    visibility TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    retracted_at BIGINT,
    retracted_by TEXT,
    retract_reason TEXT
);
CREATE INDEX attachments_number ON attachments (org, number, id);
CREATE INDEX attachments_sha256 ON attachments (sha256);

CREATE TABLE watchers (
    org TEXT NOT NULL,
    number TEXT NOT NULL,
    user_name TEXT NOT NULL,
    since BIGINT NOT NULL,
    added_by TEXT NOT NULL,
    PRIMARY KEY (org, number, user_name)
);
CREATE INDEX watchers_user ON watchers (org, user_name, number);

-- What happened to one record: time line, and what its watchers are told.
CREATE INDEX events_number ON events (org, number, seq);

CREATE TABLE views (
    id TEXT PRIMARY KEY,
    org TEXT NOT NULL,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    query TEXT NOT NULL,
    columns TEXT NOT NULL,
    shared TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX views_name ON views (org, owner, name);
