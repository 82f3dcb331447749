-- Counts the calls of the range, each once whoever told it (see dossier.tellings), and counts those again elsewhere that
-- a late status of it moves to another host.
-- $1 lane smallint
-- $2 from bigint  position, inclusive: all before it have been applied
-- $3 until bigint  position, exclusive
-- returns: nothing
with late as (
    -- Statuses that come after calls which they tell the host of: those up to the next status that is known.
    select entry.server_id, entry.occurred_at, coalesce(following.occurred_at, 'infinity') as until_at
    from dossier.entries entry
    cross join lateral (
        -- Looked up one by one (offset 0): the plan must not read the whole fleet for a few entries.
        select last_call_at from server_calls where lane = $1 and server_id = entry.server_id offset 0
    ) called
    left join lateral (
        select status.occurred_at from dossier.entries status
        where status.lane = $1 and status.server_id = entry.server_id and status.position < $3
            and (status.occurred_at, status.position) > (entry.occurred_at, entry.position)
            and status.type = 'org.openstack.manila.share_server.status' and status.host is not null
        order by status.occurred_at, status.position
        limit 1
    ) following on true
    where called.last_call_at > entry.occurred_at and entry.lane = $1
        and entry.position >= $2 and entry.position < $3 and entry.host is not null
        and entry.type = 'org.openstack.manila.share_server.status'
), shared as materialized (
    -- Request ids of the range that are told more than once by its end.
    select request_id
    from (
        select request_id, count(*) as tellings
        from dossier.entries
        where lane = $1 and position >= $2 and position < $3 and request_id is not null
            and type = 'org.openstack.manila.share_server.call'
        group by request_id
    ) told
    where tellings > 1 or exists (
        -- Looked up one by one, as above.
        select from dossier.entries entry
        where entry.request_id = told.request_id and entry.lane = $1 and entry.position < $2
            and entry.type = 'org.openstack.manila.share_server.call'
        offset 0)
), change as (
    select entry.occurred_at, entry.operation, entry.http_status, entry.project_id, entry.actor_user_id, entry.body,
        1 as sign, coalesce(seen.host, entry.host, '') as host
    from dossier.entries entry
    left join lateral (
        -- As dossier.call_host has it: to call it for each would cost as much as all else.
        select status.host from dossier.entries status
        where status.lane = $1 and status.server_id = entry.server_id and status.position < $3
            and (status.occurred_at, status.position) <= (entry.occurred_at, entry.position)
            and status.type = 'org.openstack.manila.share_server.status' and status.host is not null
        order by status.occurred_at desc, status.position desc
        limit 1
    ) seen on true
    where entry.lane = $1 and entry.position >= $2 and entry.position < $3
        and entry.type = 'org.openstack.manila.share_server.call'
        and not exists (select from shared where shared.request_id = entry.request_id)
    union all
    -- Of calls told again: what counted before is taken back, and what counts now is counted.
    select entry.occurred_at, entry.operation, entry.http_status, entry.project_id, entry.actor_user_id, entry.body,
        side.sign,
        dossier.call_host(entry.lane, entry.server_id, entry.occurred_at, entry.position, entry.host, side.known)
    from shared
    cross join (values (-1, $2::bigint), (1, $3::bigint)) as side (sign, known)
    cross join lateral (
        select distinct counted_position from dossier.tellings($1, shared.request_id, side.known) offset 0
    ) telling
    join dossier.entries entry on entry.lane = $1 and entry.position = telling.counted_position
    union all
    select moved.occurred_at, moved.operation, moved.http_status, moved.project_id, moved.actor_user_id, moved.body,
        counted.sign, counted.host
    from (
        select entry.occurred_at, entry.operation, entry.http_status, entry.project_id, entry.actor_user_id, entry.body,
            dossier.call_host(entry.lane, entry.server_id, entry.occurred_at, entry.position, entry.host, $2) as former,
            dossier.call_host(entry.lane, entry.server_id, entry.occurred_at, entry.position, entry.host, $3) as host
        from (
            -- Once, where two statuses tell of the same moment.
            select distinct told.position
            from late
            join dossier.entries told on told.lane = $1 and told.server_id = late.server_id
                and told.occurred_at > late.occurred_at and told.occurred_at <= late.until_at
            where told.position < $2 and told.type = 'org.openstack.manila.share_server.call'
        ) touched
        join dossier.entries entry on entry.lane = $1 and entry.position = touched.position
        where not exists (select from shared where shared.request_id = entry.request_id)
            and dossier.is_counted(entry.lane, entry.position, entry.request_id, $2)
        offset 0
    ) moved
    cross join lateral (values (-1, moved.former), (1, moved.host)) as counted (sign, host)
    where moved.host <> moved.former
), call as (
    select date_trunc('hour', occurred_at, 'UTC') as hour_at, coalesce(operation, '') as operation,
        coalesce(http_status / 100, 0) as http_class, host, coalesce(project_id, '') as project_id,
        coalesce(actor_user_id, '') as actor_user_id, dossier.latency_bucket(duration_ms) as bucket, sign,
        -- least() would take 1e9 for a duration that was not told.
        sign * (least(coalesce(duration_ms, 0), 1e9) * 1000)::bigint as duration_us
    from change
    cross join lateral (
        -- Read once (offset 0).
        select (body::json -> 'data' ->> 'duration_ms')::double precision as duration_ms offset 0
    ) told
), named as (
    insert into server_calls as called (lane, server_id, last_call_at)
    select $1, server_id, max(occurred_at)
    from dossier.entries
    where lane = $1 and position >= $2 and position < $3 and server_id is not null
        and type = 'org.openstack.manila.share_server.call'
    group by server_id
    on conflict (lane, server_id) do update set last_call_at = excluded.last_call_at
    where excluded.last_call_at > called.last_call_at
)
insert into call_stats as stats
    (lane, hour_at, group_hash, bucket, operation, http_class, host, project_id, actor_user_id, calls, duration_us)
select $1, hour_at,
    sha256(convert_to(json_build_array(operation, http_class, host, project_id, actor_user_id)::text, 'UTF8')),
    bucket, operation, http_class, host, project_id, actor_user_id, sum(sign), sum(duration_us)
from call
group by hour_at, bucket, operation, http_class, host, project_id, actor_user_id
having sum(sign) <> 0 or sum(duration_us) <> 0
on conflict (lane, hour_at, group_hash, bucket) do update
set calls = stats.calls + excluded.calls, duration_us = stats.duration_us + excluded.duration_us
