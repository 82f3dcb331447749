-- Applies the status events of the range, and again those that a rewound server had before: closes visits into
-- status_intervals, and moves the open visit and the merged attributes in servers. The order that counts is
-- (occurred_at, position).
-- $1 lane smallint
-- $2 from bigint  position, inclusive: all before it have been applied
-- $3 until bigint  position, exclusive
-- returns: nothing
with named as (
    select distinct server_id
    from dossier.entries
    where lane = $1 and position >= $2 and position < $3 and server_id is not null
        and (type = 'org.openstack.manila.share_server.status'
            or (operation in ('delete', 'manage', 'unmanage', 'reset_status', 'reset_task_state',
                              'migration_start', 'migration_complete', 'migration_cancel')
                and http_status between 200 and 299))
), sighting as (
    select entry.server_id, entry.occurred_at, entry.position, entry.status, entry.body
    from dossier.entries entry
    left join lateral (
        select server_id, seen_at, seen_position from servers
        where lane = $1 and server_id = entry.server_id offset 0
    ) server on true
    where entry.lane = $1 and entry.position >= $2 and entry.position < $3 and entry.server_id is not null
        and entry.type = 'org.openstack.manila.share_server.status'
        and (server.server_id is null
            or (entry.occurred_at, entry.position) > (server.seen_at, server.seen_position))
    union all
    select entry.server_id, entry.occurred_at, entry.position, entry.status, entry.body
    from named
    cross join lateral (
        -- Looked up one by one (offset 0): the plan must not read the whole fleet for a few entries.
        select * from servers where lane = $1 and server_id = named.server_id offset 0
    ) server
    join dossier.entries entry on entry.lane = $1 and entry.server_id = named.server_id
        and (entry.occurred_at, entry.position) > (server.seen_at, server.seen_position)
    where server.status is null and entry.type = 'org.openstack.manila.share_server.status' and entry.position < $2
), merged as (
    select server_id, occurred_at, position, status, data,
        coalesce(base, '{}') || dossier.merge(data - 'not_before') over (
            partition by server_id order by occurred_at, position
            rows between unbounded preceding and 1 preceding) as before
    from (
        select sighting.*, body::jsonb -> 'data' as data, server.attributes as base
        from sighting
        left join lateral (
            select attributes from servers where lane = $1 and server_id = sighting.server_id offset 0
        ) server on true
    ) every
), seen as (
    select server_id, min(occurred_at) filter (where status is not null) as first_seen_at,
        max(occurred_at) filter (where status is not null) as last_seen_at,
        dossier.merge(data - 'not_before' order by occurred_at, position) as attributes
    from merged
    group by server_id
), step as (
    select server_id, occurred_at, position, status, data, before as attributes,
        lag(status) over turn as former, lag(occurred_at) over turn as former_seen_at
    from (
        select server_id, occurred_at, position, status, data, before from merged where status is not null
        union all
        select server.server_id, server.last_seen_at, server.seen_position, server.status, null, null
        from seen
        cross join lateral (
            select * from servers where lane = $1 and server_id = seen.server_id offset 0
        ) server
        where server.status is not null
    ) every
    window turn as (partition by server_id order by occurred_at, position)
), visit as (
    select server_id, occurred_at as from_at, position, status, data, attributes, former_seen_at,
        lead(attributes) over turns as final,
        lag(occurred_at) over turns as former_from_at,
        lead(occurred_at) over turns as until_at
    from step
    where data is not null and former is distinct from status
    window turns as (partition by server_id order by occurred_at, position)
), bounded as (
    select visit.*,
        case when greatest(former.seen_at, asserted.not_before) is not null
            then least(visit.from_at, greatest(former.seen_at, asserted.not_before)) end as not_before
    from visit
    cross join lateral (
        select (visit.data ->> 'not_before')::timestamptz as not_before
    ) asserted
    left join lateral (
        -- The first visit after a rewind does not see the last sighting of the visit before it.
        select coalesce(visit.former_seen_at, (
            select entry.occurred_at
            from dossier.entries entry
            where entry.lane = $1 and entry.server_id = visit.server_id and entry.position < $3
                and (entry.occurred_at, entry.position) < (visit.from_at, visit.position)
                and entry.type = 'org.openstack.manila.share_server.status' and entry.status is not null
            order by entry.occurred_at desc, entry.position desc
            limit 1)) as seen_at
    ) former on true
), placed as (
    select bounded.*, coalesce(bounded.former_from_at, before.from_at, '-infinity') as since_at,
        case when bounded.former_from_at is null then before.status else lag(bounded.status) over turns end
            as former_status,
        case when bounded.former_from_at is null then before.not_before else lag(bounded.not_before) over turns end
            as former_not_before
    from bounded
    left join lateral (
        select status, from_at, position, not_before
        from servers open
        where open.lane = $1 and open.server_id = bounded.server_id and open.status is not null
        union all
        (select status, from_at, position, not_before
         from status_intervals closed
         where closed.lane = $1 and closed.server_id = bounded.server_id
            and (closed.from_at, closed.position) < (bounded.from_at, bounded.position)
         order by closed.from_at desc, closed.position desc
         limit 1)
        order by from_at desc, position desc
        limit 1
    ) before on bounded.former_from_at is null
    window turns as (partition by bounded.server_id order by bounded.from_at, bounded.position)
), opened as (
    select placed.server_id, placed.from_at, placed.position, placed.until_at, placed.status, placed.not_before,
        cause.position as cause_position,
        final ->> 'host' as host, final ->> 'project_id' as project_id, final ->> 'share_network_id' as share_network_id
    from placed
    left join lateral (
        select entry.position
        from dossier.entries entry
        where entry.lane = $1 and entry.server_id = placed.server_id and entry.position < $3
            and entry.occurred_at <= placed.from_at
            and entry.occurred_at > least(placed.since_at, placed.former_not_before)
            and entry.operation in ('delete', 'manage', 'unmanage', 'reset_status', 'reset_task_state',
                                    'migration_start', 'migration_complete', 'migration_cancel')
            and entry.http_status between 200 and 299
            and (entry.occurred_at > placed.since_at
                -- The former change may have been before it: it was seen no sooner.
                or (dossier.leads_to(entry.operation, entry.body, placed.status)
                    and not dossier.leads_to(entry.operation, entry.body, placed.former_status)))
        order by dossier.leads_to(entry.operation, entry.body, placed.status) desc, entry.occurred_at desc,
            entry.position desc
        limit 1
    ) cause on true
), closed as (
    insert into status_intervals
        (lane, server_id, from_at, position, until_at, not_before, cause_position, status, host, project_id,
         share_network_id)
    select $1, server_id, from_at, position, until_at, not_before, cause_position, status, host, project_id,
        share_network_id
    from opened
    where until_at is not null
    union all
    select $1, server.server_id, server.from_at, server.position, first.from_at, server.not_before,
        server.cause_position, server.status, first.attributes ->> 'host', first.attributes ->> 'project_id',
        first.attributes ->> 'share_network_id'
    from (
        select distinct on (server_id) server_id, from_at, attributes
        from visit
        order by server_id, from_at, position
    ) first
    cross join lateral (
        select * from servers where lane = $1 and server_id = first.server_id offset 0
    ) server
    where server.status is not null
), latest as (
    select distinct on (server_id) server_id, occurred_at, position
    from sighting
    order by server_id, occurred_at desc, position desc
)
insert into servers as server
    (lane, server_id, status, from_at, not_before, position, cause_position, attributes, first_seen_at,
     last_seen_at, seen_at, seen_position)
select $1, seen.server_id, opened.status, opened.from_at, opened.not_before, opened.position, opened.cause_position,
    seen.attributes, seen.first_seen_at, seen.last_seen_at, latest.occurred_at, latest.position
from seen
-- The same servers on all sides: full joins, so that no plan made of wrong estimates goes through all pairs.
full join latest on latest.server_id = seen.server_id
full join (select * from opened where until_at is null) opened on opened.server_id = seen.server_id
where seen.server_id is not null
on conflict (lane, server_id) do update set
    status = coalesce(excluded.status, server.status),
    from_at = case when excluded.status is null then server.from_at else excluded.from_at end,
    not_before = case when excluded.status is null then server.not_before else excluded.not_before end,
    position = case when excluded.status is null then server.position else excluded.position end,
    cause_position = case when excluded.status is null then server.cause_position else excluded.cause_position end,
    attributes = server.attributes || excluded.attributes,
    first_seen_at = least(server.first_seen_at, excluded.first_seen_at),
    last_seen_at = greatest(server.last_seen_at, excluded.last_seen_at),
    seen_at = excluded.seen_at,
    seen_position = excluded.seen_position
