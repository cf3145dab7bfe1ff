-- Fields by which customers read records of their own (host/kinds: `members`, `services`, `confidentiality`) are in the
-- index now: the records of these kinds are put there anew when the server starts.
INSERT INTO reindex (record_id)
SELECT id FROM records
WHERE kind IN (
    'customer', 'document', 'configuration-item', 'baseline', 'configuration-audit', 'capacity-plan-item',
    'continuity-test', 'plan-invocation', 'backup-job', 'restore-test'
)
ON CONFLICT DO NOTHING;
