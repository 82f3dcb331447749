-- The head of every lane.
-- returns: many
--   lane smallint
--   size bigint
--   frontier bytea
--   root bytea
--   recorded_at timestamptz
-- order: lane ascending
-- limit: none; one row a lane
select lane, size, frontier, root, recorded_at from dossier.log_heads order by lane
