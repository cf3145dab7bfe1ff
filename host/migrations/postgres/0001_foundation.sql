-- Foundation. Portable columns: ids and JSON as text, times as integer milliseconds since 1970-01-01T00:00:00Z.

CREATE TABLE organisations (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    audit_seq BIGINT NOT NULL,
    audit_hash TEXT NOT NULL,
    event_seq BIGINT NOT NULL
);

-- A bearer token is stored as the SHA-256 of its text.
CREATE TABLE tokens (
    hash TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    org TEXT NOT NULL REFERENCES organisations (id),
    user_name TEXT NOT NULL,
    roles TEXT NOT NULL,
    label TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);

CREATE TABLE counters (
    org TEXT NOT NULL,
    prefix TEXT NOT NULL,
    year BIGINT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (org, prefix, year)
);

CREATE TABLE records (
    id TEXT PRIMARY KEY,
    org TEXT NOT NULL REFERENCES organisations (id),
    kind TEXT NOT NULL,
    number TEXT NOT NULL,
    title TEXT NOT NULL,
    state TEXT NOT NULL,
    owner TEXT NOT NULL,
    revision BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    data TEXT NOT NULL
);
CREATE UNIQUE INDEX records_number ON records (org, number);
CREATE INDEX records_kind ON records (org, kind, id);
CREATE INDEX records_state ON records (org, kind, state, id);
CREATE INDEX records_owner ON records (org, kind, owner, id);
CREATE INDEX records_updated ON records (org, kind, updated_at, id);

-- Indexed fields of a record, one row each; text order is value order (domain::record::index_entries).
CREATE TABLE field_index (
    org TEXT NOT NULL,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    record_id TEXT NOT NULL,
    PRIMARY KEY (org, kind, path, value, record_id)
);
CREATE INDEX field_index_record ON field_index (record_id);

-- References and relations between records, by number.
CREATE TABLE links (
    org TEXT NOT NULL,
    source_id TEXT NOT NULL,
    source TEXT NOT NULL,
    rel TEXT NOT NULL,
    target TEXT NOT NULL,
    PRIMARY KEY (org, source_id, rel, target)
);
CREATE INDEX links_target ON links (org, target, rel);
CREATE INDEX links_source ON links (org, source, rel);

CREATE TABLE audit (
    org TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    number TEXT NOT NULL,
    actor TEXT NOT NULL,
    role TEXT NOT NULL,
    action TEXT NOT NULL,
    before_value TEXT NOT NULL,
    after_value TEXT NOT NULL,
    reason TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (org, seq)
);
CREATE INDEX audit_number ON audit (org, number, seq);

CREATE TABLE events (
    org TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    type TEXT NOT NULL,
    number TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (org, seq)
);

CREATE TABLE settings_texts (
    org TEXT NOT NULL,
    hash TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (org, hash)
);

CREATE TABLE decisions (
    id TEXT PRIMARY KEY,
    org TEXT NOT NULL,
    number TEXT NOT NULL,
    process TEXT NOT NULL,
    event TEXT NOT NULL,
    at BIGINT NOT NULL,
    component TEXT NOT NULL,
    component_name TEXT NOT NULL,
    settings_hash TEXT NOT NULL,
    activation TEXT NOT NULL,
    generation BIGINT NOT NULL,
    status TEXT NOT NULL,
    input TEXT NOT NULL,
    output TEXT NOT NULL,
    fuel BIGINT NOT NULL,
    took_us BIGINT NOT NULL
);
CREATE INDEX decisions_number ON decisions (org, number, id);
CREATE INDEX decisions_process ON decisions (org, process, id);

CREATE TABLE timers (
    id TEXT PRIMARY KEY,
    org TEXT NOT NULL,
    number TEXT NOT NULL,
    name TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    claimed_by TEXT,
    claimed_until BIGINT NOT NULL
);
CREATE UNIQUE INDEX timers_name ON timers (org, number, name);
CREATE INDEX timers_due ON timers (due_at);

-- What a person must decide because a component could not.
CREATE TABLE manual_queue (
    id TEXT PRIMARY KEY,
    org TEXT NOT NULL,
    number TEXT NOT NULL,
    process TEXT NOT NULL,
    reason TEXT NOT NULL,
    decision TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    resolved_at BIGINT
);
CREATE INDEX manual_queue_open ON manual_queue (org, number, process);

CREATE TABLE component_bytes (
    digest TEXT PRIMARY KEY,
    bytes BYTEA NOT NULL
);

CREATE TABLE components (
    org TEXT NOT NULL,
    digest TEXT NOT NULL,
    process TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    manifest TEXT NOT NULL,
    grants TEXT NOT NULL,
    uploaded_at BIGINT NOT NULL,
    uploaded_by TEXT NOT NULL,
    uploaded_as TEXT NOT NULL,
    PRIMARY KEY (org, digest)
);

-- One generation counter per organisation and process, compared and set by every activation.
CREATE TABLE generations (
    org TEXT NOT NULL,
    process TEXT NOT NULL,
    generation BIGINT NOT NULL,
    PRIMARY KEY (org, process)
);

CREATE TABLE activations (
    id TEXT PRIMARY KEY,
    org TEXT NOT NULL,
    process TEXT NOT NULL,
    scope TEXT NOT NULL,
    scope_value TEXT NOT NULL,
    digest TEXT NOT NULL,
    settings_hash TEXT NOT NULL,
    generation BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    ended_generation BIGINT
);
CREATE INDEX activations_live ON activations (org, process, scope, scope_value, generation);

CREATE TABLE idempotency (
    org TEXT NOT NULL,
    user_name TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    number TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (org, user_name, key)
);
