-- How far a projection has come in every lane, beside the log itself.
-- $1 projection text
-- returns: many
--   lane smallint
--   size bigint
--   root bytea
--   version integer?
--   position bigint
--   applied_at timestamptz?
--   next_recorded_at timestamptz?
-- order: lane ascending
-- limit: none; one row a lane
select head.lane, head.size, head.root, done.version, coalesce(done.position, 0) as position, done.applied_at,
    (select entry.recorded_at from dossier.entries entry
     where entry.lane = head.lane and entry.position = coalesce(done.position, 0)) as next_recorded_at
from dossier.log_heads head
left join dossier.projections done on done.lane = head.lane and done.projection = $1
order by head.lane
