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
    select named.server_id, least(named.earliest_at, min(removed.from_at)) as from_at
    from named
    left join removed on removed.server_id = named.server_id
    group by named.server_id, named.earliest_at
), visit as (
    select closed.server_id, closed.from_at, closed.position, closed.not_before, closed.cause_position, closed.status,
        closed.host, closed.project_id, closed.share_network_id
    from restart
    cross join lateral (
        select coalesce(max(from_at), '-infinity') as from_at
        from status_intervals
        where lane = $1 and server_id = restart.server_id and from_at < restart.from_at
    ) before
    cross join lateral (
        select * from status_intervals
        where lane = $1 and server_id = restart.server_id and from_at >= before.from_at
        offset 0
    ) closed
    union all
    select server.server_id, server.from_at, server.position, server.not_before, server.cause_position, server.status,
        server.host, server.project_id, server.share_network_id
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
), first as (
    select distinct on (server_id, episode) *, count(*) over (partition by server_id, episode) as visits
    from failed
    order by server_id, episode, from_at, position
), last as (
    select distinct on (server_id, episode) *
    from failed
    order by server_id, episode, from_at desc, position desc
)
insert into error_episodes
    (lane, server_id, from_at, position, not_before, status, former_status, visits, cause_position, is_asserted,
     until_at, until_position, until_status, until_cause_position, resolution, host, project_id, share_network_id)
select $1, first.server_id, first.from_at, first.position, first.not_before, first.status, first.former_status,
    first.visits, first.cause_position, coalesce(cause.operation = 'reset_status', false),
    last.until_at, last.until_position, last.until_status, last.until_cause_position,
    case when last.until_at is null then null
        when remedy.operation = 'reset_status' then 'reset'
        when remedy.operation in ('delete', 'unmanage') then remedy.operation
        when remedy.operation is not null then 'retry'
        else 'itself' end,
    first.host, first.project_id, first.share_network_id
from first
join last on last.server_id = first.server_id and last.episode = first.episode
join restart on restart.server_id = first.server_id and first.from_at >= restart.from_at
left join dossier.entries cause on cause.lane = $1 and cause.position = first.cause_position
left join dossier.entries remedy on remedy.lane = $1 and remedy.position = last.until_cause_position
