-- What a person decides, what is decided again, and breakers.

-- The state that the record was to enter when it stayed where it was for want of a decision, and the decision that took
-- the entry out of the queue.
ALTER TABLE manual_queue ADD COLUMN step TEXT NOT NULL DEFAULT '';
ALTER TABLE manual_queue ADD COLUMN resolved_by TEXT NOT NULL DEFAULT '';
CREATE INDEX manual_queue_waiting ON manual_queue (org, id) WHERE resolved_at IS NULL;

-- 1 for a decision by the last good component, taken because the responsible one's breaker was open.
ALTER TABLE decisions ADD COLUMN fallback INTEGER NOT NULL DEFAULT 0;

-- The decision that was stored in place of the compared one; empty where nothing was.
ALTER TABLE backtest_decisions ADD COLUMN decided TEXT NOT NULL DEFAULT '';

-- Where the breaker of an activation stands; none that ever tripped has no row.
CREATE TABLE breakers (
    org TEXT NOT NULL,
    activation TEXT NOT NULL,
    process TEXT NOT NULL,
    state TEXT NOT NULL,
    cause TEXT NOT NULL,
    message TEXT NOT NULL,
    failures INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    since INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (org, activation)
) WITHOUT ROWID;
