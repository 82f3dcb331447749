-- How many entries each lane had at a moment. Times recorded never run backwards in a lane, so that a few look-ups find
-- the first entry that came later.
-- $1 at timestamptz
-- returns: many
--   lane smallint
--   size bigint
-- order: lane ascending
-- limit: none; one row a lane
with recursive search as (
    select lane, 0::bigint as low, size as high from dossier.log_heads
    union all
    select search.lane, case when entry.recorded_at <= $1 then entry.position + 1 else search.low end,
        case when entry.recorded_at <= $1 then search.high else entry.position end
    from search
    join dossier.entries entry on entry.lane = search.lane and entry.position = (search.low + search.high) / 2
    where search.low < search.high
)
select lane, low as size from search where low = high order by lane
