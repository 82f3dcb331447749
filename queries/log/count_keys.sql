-- How many event keys a lane has recorded.
-- $1 lane smallint
-- returns: one
--   count bigint
select count(*) as count from dossier.event_keys where lane = $1
