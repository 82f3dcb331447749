-- Takes back what late entries change: for every server that has an entry in the range from before its last applied
-- status event, the visits since the one that was under way then, and what was merged since.
-- $1 lane smallint
-- $2 from bigint  position, inclusive: all before it have been applied
-- $3 until bigint  position, exclusive
-- returns: nothing
with late as (
    select server.server_id, min(entry.occurred_at) as earliest_at
    from dossier.entries entry
    join servers server on server.lane = entry.lane and server.server_id = entry.server_id
    where entry.lane = $1 and entry.position >= $2 and entry.position < $3
        and (entry.type = 'org.openstack.manila.share_server.status' and entry.occurred_at < server.seen_at
            -- A call as old as the visit may be what caused it.
            or (entry.occurred_at <= server.seen_at and entry.operation in
                ('delete', 'manage', 'unmanage', 'reset_status', 'reset_task_state',
                 'migration_start', 'migration_complete', 'migration_cancel')
                and entry.http_status between 200 and 299))
    group by server.server_id
), restart as (
    select late.server_id, coalesce(visit.from_at, '-infinity') as from_at, coalesce(visit.position, 0) as position
    from late
    left join lateral (
        select from_at, position from status_intervals interval
        where interval.lane = $1 and interval.server_id = late.server_id and interval.from_at <= late.earliest_at
        union all
        select from_at, position from servers server
        where server.lane = $1 and server.server_id = late.server_id and server.from_at <= late.earliest_at
        order by from_at desc, position
        limit 1
    ) visit on true
), removed as (
    delete from status_intervals interval
    using restart
    where interval.lane = $1 and interval.server_id = restart.server_id
        and (interval.from_at, interval.position) >= (restart.from_at, restart.position)
)
update servers server
set status = null, from_at = null, not_before = null, position = null, cause_position = null,
    seen_at = restart.from_at, seen_position = restart.position - 1,
    attributes = (
        select dossier.merge((entry.body::jsonb -> 'data') - 'not_before' order by entry.occurred_at, entry.position)
        from dossier.entries entry
        where entry.lane = $1 and entry.server_id = restart.server_id
            and entry.type = 'org.openstack.manila.share_server.status'
            and (entry.occurred_at, entry.position) < (restart.from_at, restart.position)
            and entry.position < $2)
from restart
where server.lane = $1 and server.server_id = restart.server_id
