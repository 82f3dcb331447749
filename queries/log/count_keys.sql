-- How many event keys a lane has recorded, and how many say a lane that the log does not have.
-- $1 lane smallint
-- $2 lanes smallint  lanes of the log
-- returns: one
--   count bigint
--   stray bigint
select count(*) filter (where lane = $1) as count, count(*) filter (where lane < 0 or lane >= $2) as stray
from dossier.event_keys
