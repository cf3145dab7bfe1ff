-- Changing a policy by degrees: an activation has a mode (active, shadow, canary, planned). Of each scope at most one is
-- active, one a candidate (shadow or canary) and one planned.
ALTER TABLE activations ADD COLUMN mode TEXT NOT NULL DEFAULT 'active';
ALTER TABLE activations ADD COLUMN percent BIGINT;
ALTER TABLE activations ADD COLUMN effective_from BIGINT;
ALTER TABLE activations ADD COLUMN opened_after BIGINT NOT NULL DEFAULT 0;
-- The generation whose state of the scope judges the records that were opened before.
ALTER TABLE activations ADD COLUMN before_generation BIGINT NOT NULL DEFAULT 0;
ALTER TABLE activations ADD COLUMN on_failure TEXT NOT NULL DEFAULT 'last-good';
ALTER TABLE activations ADD COLUMN explanation TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX activations_one ON activations
    (org, process, scope, scope_value, (CASE mode WHEN 'shadow' THEN 'canary' ELSE mode END))
    WHERE ended_generation IS NULL;

-- What a candidate in shadow came to beside each activation that decided: sums, groups of what changed, and the newest
-- decisions that would have come out otherwise.
CREATE TABLE shadow_figures (
    org TEXT NOT NULL,
    activation TEXT NOT NULL,
    against TEXT NOT NULL,
    same BIGINT NOT NULL,
    differs BIGINT NOT NULL,
    flips BIGINT NOT NULL,
    fails BIGINT NOT NULL,
    dropped BIGINT NOT NULL,
    fuel_decided BIGINT NOT NULL,
    fuel_candidate BIGINT NOT NULL,
    us_decided BIGINT NOT NULL,
    us_candidate BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (org, activation, against)
);

CREATE TABLE shadow_groups (
    org TEXT NOT NULL,
    activation TEXT NOT NULL,
    against TEXT NOT NULL,
    change_group TEXT NOT NULL,
    count BIGINT NOT NULL,
    PRIMARY KEY (org, activation, against, change_group)
);

CREATE TABLE shadow_decisions (
    org TEXT NOT NULL,
    activation TEXT NOT NULL,
    decision TEXT NOT NULL,
    against TEXT NOT NULL,
    number TEXT NOT NULL,
    at BIGINT NOT NULL,
    sort TEXT NOT NULL,
    change_group TEXT NOT NULL,
    money TEXT,
    differences TEXT NOT NULL,
    output TEXT,
    PRIMARY KEY (org, activation, decision)
);
