-- Applies what sources told of their watching: those in the range, and again those that a rewound source had before.
-- A run begins with 'started', or with the first sign of life after none or after 'stopped', and lasts to the last sign
-- of life before the next start.
-- $1 lane smallint
-- $2 from bigint  position, inclusive: all before it have been applied
-- $3 until bigint  position, exclusive
-- returns: nothing
with named as (
    select distinct entry.body::json ->> 'source' as source
    from dossier.entries entry
    where entry.lane = $1 and entry.position >= $2 and entry.position < $3
        and entry.type = 'org.dossier.source.coverage'
), seed as (
    select named.source, latest.*
    from named
    left join lateral (
        select run.from_at, run.position, run.until_at, run.until_position, run.has_stopped
        from coverage run
        where run.lane = $1 and run.source = named.source and run.state = 'watching'
        order by run.until_at desc, run.until_position desc
        limit 1
    ) latest on true
), told as (
    select seed.source, entry.occurred_at, entry.position, entry.body::json -> 'data' ->> 'state' as state,
        false as is_seed
    from seed
    cross join lateral (
        -- From the run under way on (offset 0): not all that was ever told.
        select entry.occurred_at, entry.position, entry.body
        from dossier.entries entry
        where entry.lane = $1 and entry.position < $3 and entry.type = 'org.dossier.source.coverage'
            and entry.occurred_at >= coalesce(seed.until_at, '-infinity')
        offset 0
    ) entry
    where entry.body::json ->> 'source' = seed.source
        and (seed.until_at is null or (entry.occurred_at, entry.position) > (seed.until_at, seed.until_position))
    union all
    -- The last sign of life of the run under way stands for all of it.
    select source, until_at, until_position, case when has_stopped then 'stopped' else 'alive' end, true
    from seed
    where until_at is not null
), life as (
    select told.*, lag(state) over turn as former
    from told
    where state in ('started', 'alive', 'stopped', 'gap')
    window turn as (partition by source order by occurred_at, position)
), numbered as (
    select *, count(*) filter (where not is_seed
            and (state = 'started' or former is null or former = 'stopped')) over (
        partition by source order by occurred_at, position) as run
    from life
), run as (
    select source, run, min(occurred_at) as from_at,
        (array_agg(position order by occurred_at, position))[1] as position, max(occurred_at) as until_at,
        (array_agg(position order by occurred_at desc, position desc))[1] as until_position,
        (array_agg(state order by occurred_at desc, position desc))[1] = 'stopped' as has_stopped,
        bool_or(is_seed) as is_seed
    from numbered
    group by source, run
)
insert into coverage as known
    (lane, source, state, from_at, position, until_at, until_position, has_stopped)
select $1, run.source, 'watching', case when run.is_seed then seed.from_at else run.from_at end,
    case when run.is_seed then seed.position else run.position end, run.until_at, run.until_position, run.has_stopped
from run
join seed on seed.source = run.source
on conflict (lane, source, state, from_at, position) do update
set until_at = excluded.until_at, until_position = excluded.until_position, has_stopped = excluded.has_stopped
where (known.until_at, known.until_position) <> (excluded.until_at, excluded.until_position)
