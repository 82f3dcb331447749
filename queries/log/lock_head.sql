-- Takes the head of a lane for the rest of the transaction; waits for whoever holds it.
-- $1 lane smallint
-- returns: one
--   size bigint
--   frontier bytea
--   recorded_at timestamptz
select size, frontier, recorded_at from dossier.log_heads where lane = $1 for update
