-- How far each projection has come in every lane, and since when the first entry that it has not applied waits.
-- $1 projections text[]  those there are
-- returns: many
--   projection text
--   lane smallint
--   size bigint
--   position bigint
--   next_recorded_at timestamptz?
-- order: projection, lane ascending
-- limit: none; one row a projection and lane
select wanted.projection, head.lane, head.size, coalesce(done.position, 0) as position,
    (select entry.recorded_at from dossier.entries entry
     where entry.lane = head.lane and entry.position = coalesce(done.position, 0)) as next_recorded_at
from unnest($1::text[]) as wanted (projection)
cross join dossier.log_heads head
left join dossier.projections done on done.projection = wanted.projection and done.lane = head.lane
order by wanted.projection, head.lane
