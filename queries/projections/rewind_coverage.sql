-- Takes back what late entries change: of every source with such an entry in the range, the runs since the one that was
-- under way then. A sign of life within a run changes nothing.
-- $1 lane smallint
-- $2 from bigint  position, inclusive: all before it have been applied
-- $3 until bigint  position, exclusive
-- returns: nothing
with told as (
    select entry.body::json ->> 'source' as source, entry.body::json -> 'data' ->> 'state' as state, entry.occurred_at
    from dossier.entries entry
    where entry.lane = $1 and entry.position >= $2 and entry.position < $3
        and entry.type = 'org.dossier.source.coverage'
), late as (
    select told.source, min(told.occurred_at) as earliest_at
    from told
    cross join lateral (
        select max(until_at) as until_at from coverage run
        where run.lane = $1 and run.source = told.source and run.state = 'watching'
    ) latest
    where told.occurred_at < latest.until_at
        and (told.state not in ('alive', 'gap')
            or not exists (
                select from coverage run
                where run.lane = $1 and run.source = told.source and run.state = 'watching'
                    and run.from_at <= told.occurred_at and run.until_at > told.occurred_at))
    group by told.source
), restart as (
    select late.source, coalesce(max(run.from_at), '-infinity') as from_at
    from late
    left join coverage run on run.lane = $1 and run.source = late.source and run.state = 'watching'
        and run.from_at <= late.earliest_at
    group by late.source
)
delete from coverage run
using restart
where run.lane = $1 and run.source = restart.source and run.state = 'watching' and run.from_at >= restart.from_at
