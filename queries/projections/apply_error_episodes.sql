-- Makes the error episodes again that the entries of the range may have changed, out of the visits: of every server
-- that they name, those that had not ended before the earliest of them.
-- $1 lane smallint
-- $2 from bigint  position, inclusive: the range has just been applied to the visits
-- $3 until bigint  position, exclusive
-- returns: nothing
with named as (
    select server_id, min(occurred_at) as earliest_at
    from dossier.entries
    where lane = $1 and position >= $2 and position < $3 and server_id is not null
        and (type = 'org.openstack.manila.share_server.status'
            or (operation in ('delete', 'manage', 'unmanage', 'reset_status', 'reset_task_state',
                              'migration_start', 'migration_complete', 'migration_cancel')
                and http_status between 200 and 299))
    group by server_id
), removed as (
    delete from error_episodes episode
    using named
    where episode.lane = $1 and episode.server_id = named.server_id
        and (episode.until_at is null or episode.until_at >= named.earliest_at)
    returning episode.server_id, episode.from_at
), restart as (
    select server_id, min(from_at) as restart_at
    from (
        select server_id, earliest_at as from_at from named
        union all
        select server_id, from_at from removed
    ) every
    group by server_id
), visit as (
    select closed.server_id, closed.from_at, closed.position, closed.not_before, closed.cause_position, closed.status,
        closed.host, closed.project_id, closed.share_network_id, restart.restart_at
    from restart
    cross join lateral (
        select coalesce(max(from_at), '-infinity') as from_at
        from status_intervals
        where lane = $1 and server_id = restart.server_id and from_at < restart.restart_at
    ) before
    cross join lateral (
        select * from status_intervals
        where lane = $1 and server_id = restart.server_id and from_at >= before.from_at
        offset 0
    ) closed
    union all
    select server.server_id, server.from_at, server.position, server.not_before, server.cause_position, server.status,
        server.host, server.project_id, server.share_network_id, restart.restart_at
    from restart
    cross join lateral (
        select * from servers where lane = $1 and server_id = restart.server_id and status is not null offset 0
    ) server
), turned as (
    select *, dossier.status_class(status) = 'failed' as is_failed,
        lag(status) over turn as former_status,
        lead(from_at) over turn as until_at, lead(position) over turn as until_position,
        lead(status) over turn as until_status, lead(cause_position) over turn as until_cause_position
    from visit
    window turn as (partition by server_id order by from_at, position)
), failed as (
    select *, count(*) filter (where former_status is null or dossier.status_class(former_status) <> 'failed') over (
        partition by server_id order by from_at, position) as episode
    from turned
    where is_failed
), ended as (
    -- The first visit of each episode, beside the end of its last.
    select distinct on (server_id, episode) *, count(*) over whole as visits,
        last_value(until_at) over whole as ended_at, last_value(until_position) over whole as ended_position,
        last_value(until_status) over whole as ended_status,
        last_value(until_cause_position) over whole as ended_cause_position
    from failed
    window whole as (partition by server_id, episode order by from_at, position
                     rows between unbounded preceding and unbounded following)
    order by server_id, episode, from_at, position
), known as (
    select ended.*, cause.operation as cause_operation, remedy.operation as remedy_operation
    from ended
    -- Looked up one by one (offset 0), however many there seem to be.
    left join lateral (
        select operation from dossier.entries where lane = $1 and position = ended.cause_position offset 0
    ) cause on true
    left join lateral (
        select operation from dossier.entries where lane = $1 and position = ended.ended_cause_position offset 0
    ) remedy on true
)
insert into error_episodes
    (lane, server_id, from_at, position, not_before, status, former_status, visits, cause_position, is_asserted,
     until_at, until_position, until_status, until_cause_position, resolution, host, project_id, share_network_id)
select $1, known.server_id, known.from_at, known.position, known.not_before, known.status, known.former_status,
    known.visits, known.cause_position, coalesce(known.cause_operation = 'reset_status', false),
    known.ended_at, known.ended_position, known.ended_status, known.ended_cause_position,
    case when known.ended_at is null then null
        when known.remedy_operation = 'reset_status' then 'reset'
        when known.remedy_operation in ('delete', 'unmanage') then known.remedy_operation
        when known.remedy_operation is not null then 'retry'
        else 'itself' end,
    known.host, known.project_id, known.share_network_id
from known
where known.from_at >= known.restart_at
