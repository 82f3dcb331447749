-- How far all projections have come in every lane, beside the log itself: as far as the one that is furthest behind.
-- $1 projections text[]  those there are
-- returns: many
--   lane smallint
--   size bigint
--   root bytea
--   position bigint
--   next_recorded_at timestamptz?
-- order: lane ascending
-- limit: none; one row a lane
select head.lane, head.size, head.root, done.position,
    case when done.position < head.size then dossier.recorded_at(head.lane, done.position) end as next_recorded_at
from dossier.log_heads head
cross join lateral (
    select min(coalesce(checkpoint.position, 0)) as position
    from unnest($1::text[]) as wanted (projection)
    left join dossier.projections checkpoint
        on checkpoint.projection = wanted.projection and checkpoint.lane = head.lane
) done
order by head.lane
