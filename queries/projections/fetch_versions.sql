-- Which version of a projection the tables hold, in every lane.
-- $1 projection text
-- returns: many
--   lane smallint
--   version integer?
-- order: lane ascending
-- limit: none; one row a lane
select head.lane, done.version
from dossier.log_heads head
left join dossier.projections done on done.lane = head.lane and done.projection = $1
order by head.lane
