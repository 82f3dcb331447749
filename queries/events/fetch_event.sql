-- One entry of the log.
-- $1 lane smallint
-- $2 position bigint
-- returns: optional
--   lane smallint
--   position bigint
--   recorded_at timestamptz
--   leaf_hash bytea
--   body text
select lane, position, recorded_at, leaf_hash, body from dossier.entries where lane = $1 and position = $2
