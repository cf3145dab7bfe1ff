-- The digests of the decisions that were stored together with an audit entry: canonical JSON, number and SHA-256. They are
-- part of the entry's hash where there are any. Changes that kept a decision's identifier as their risk get its number
-- (store::risks).
ALTER TABLE audit ADD COLUMN seal TEXT NOT NULL DEFAULT '';
