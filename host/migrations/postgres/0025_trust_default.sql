-- A new organisation takes what it names. One that has components, and never decided, keeps what it had: everything.
INSERT INTO trust_policies (org, unsigned, allowed, revision, changed_at, changed_by)
SELECT o.id, 'allow', '[]', 1, CAST(EXTRACT(EPOCH FROM now()) AS BIGINT) * 1000, 'mortise'
FROM organisations o
WHERE EXISTS (SELECT 1 FROM components c WHERE c.org = o.id)
  AND NOT EXISTS (SELECT 1 FROM trust_policies t WHERE t.org = o.id);
