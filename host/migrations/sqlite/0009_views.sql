-- Decisions and components are records too: they have numbers, and components a state.

ALTER TABLE decisions ADD COLUMN decision_number TEXT NOT NULL DEFAULT '';
UPDATE decisions SET decision_number = s.number FROM (
    SELECT id, 'DEC-' || strftime('%Y', at / 1000, 'unixepoch') || '-' || printf('%06d', ROW_NUMBER() OVER (
        PARTITION BY org, strftime('%Y', at / 1000, 'unixepoch') ORDER BY id)) AS number
    FROM decisions
) s WHERE s.id = decisions.id;
CREATE UNIQUE INDEX decisions_decision_number ON decisions (org, decision_number);
INSERT INTO counters (org, prefix, year, last)
    SELECT org, 'DEC', CAST(strftime('%Y', at / 1000, 'unixepoch') AS INTEGER), COUNT(*) FROM decisions GROUP BY 1, 3;

ALTER TABLE components ADD COLUMN number TEXT NOT NULL DEFAULT '';
ALTER TABLE components ADD COLUMN state TEXT NOT NULL DEFAULT 'verified';
ALTER TABLE components ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
ALTER TABLE components ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
UPDATE components SET changed_at = uploaded_at, number = s.number FROM (
    SELECT org, digest, 'PLG-' || strftime('%Y', uploaded_at / 1000, 'unixepoch') || '-' || printf('%06d',
        ROW_NUMBER() OVER (PARTITION BY org, strftime('%Y', uploaded_at / 1000, 'unixepoch')
                           ORDER BY uploaded_at, digest)) AS number
    FROM components
) s WHERE s.org = components.org AND s.digest = components.digest;
UPDATE components SET state = 'submitted' WHERE uploaded_as = 'PUB';
UPDATE components SET state = 'suspended' WHERE EXISTS (
    SELECT 1 FROM activations a WHERE a.org = components.org AND a.digest = components.digest);
UPDATE components SET state = 'active' WHERE EXISTS (
    SELECT 1 FROM activations a
    WHERE a.org = components.org AND a.digest = components.digest AND a.ended_generation IS NULL);
CREATE UNIQUE INDEX components_number ON components (org, number);
INSERT INTO counters (org, prefix, year, last)
    SELECT org, 'PLG', CAST(strftime('%Y', uploaded_at / 1000, 'unixepoch') AS INTEGER), COUNT(*)
    FROM components GROUP BY 1, 3;
