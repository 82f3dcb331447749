-- Calls of a window by group, class of HTTP status and bucket of latency: whole hours as counted, the rest out of the log.
-- A call that several sources told counts once: see dossier.tellings.
-- Texts that a call does not have are ''; http_class is 0 without an answer; bucket is -32768 where no duration was told.
-- $1 from timestamptz  inclusive
-- $2 until timestamptz  exclusive
-- $3 by text  operation, actor, project, host, http_class or fleet
-- $4 operation text?  only these; so all below
-- $5 actor_user_id text?
-- $6 project_id text?
-- $7 host text?
-- $8 server_id uuid?
-- $9 lane smallint?  with $8: out of the log alone
-- $10 out_of_log boolean  all of it out of the log: for whoever sees some servers only, and with $11
-- $11 known bigint[]?  as of these positions, one a lane; null: all there is
-- returns: many
--   group_name text
--   http_class smallint
--   bucket smallint
--   calls bigint
--   duration_us bigint
-- order: group_name ascending
-- limit: none; a row for each group, class and bucket that there is
with done as materialized (
    select lane, least(position, ($11::bigint[])[lane + 1]) as position
    from dossier.projections
    where projection = 'call_stats'
), counted as (
    select stats.operation, stats.actor_user_id, stats.project_id, stats.host, stats.http_class, stats.bucket,
        stats.calls, stats.duration_us
    from dossier.call_stats stats
    where $8::uuid is null and not $10::boolean
        and stats.hour_at >= date_trunc('hour', $1::timestamptz + interval '1 hour' - interval '1 microsecond', 'UTC')
        and stats.hour_at < date_trunc('hour', $2::timestamptz, 'UTC')
    union all
    select coalesce(entry.operation, ''), coalesce(entry.actor_user_id, ''), coalesce(entry.project_id, ''),
        dossier.call_host(entry.lane, entry.server_id, entry.occurred_at, entry.position, entry.host, done.position),
        coalesce(entry.http_status / 100, 0)::smallint,
        dossier.latency_bucket((entry.body::json -> 'data' ->> 'duration_ms')::double precision), 1,
        (least(coalesce((entry.body::json -> 'data' ->> 'duration_ms')::double precision, 0), 1e9) * 1000)::bigint
    from done
    join dossier.entries entry on entry.lane = done.lane and entry.position < done.position
    where entry.type = 'org.openstack.manila.share_server.call' and $8::uuid is null
        and dossier.is_counted(entry.lane, entry.position, entry.request_id, done.position)
        and entry.occurred_at >= $1
        and entry.occurred_at < least($2, case when not $10 then
            date_trunc('hour', $1::timestamptz + interval '1 hour' - interval '1 microsecond', 'UTC') end)
    union all
    select coalesce(entry.operation, ''), coalesce(entry.actor_user_id, ''), coalesce(entry.project_id, ''),
        dossier.call_host(entry.lane, entry.server_id, entry.occurred_at, entry.position, entry.host, done.position),
        coalesce(entry.http_status / 100, 0)::smallint,
        dossier.latency_bucket((entry.body::json -> 'data' ->> 'duration_ms')::double precision), 1,
        (least(coalesce((entry.body::json -> 'data' ->> 'duration_ms')::double precision, 0), 1e9) * 1000)::bigint
    from done
    join dossier.entries entry on entry.lane = done.lane and entry.position < done.position
    where entry.type = 'org.openstack.manila.share_server.call' and $8::uuid is null
        and not $10 and dossier.is_counted(entry.lane, entry.position, entry.request_id, done.position)
        and entry.occurred_at >= greatest(date_trunc('hour', $2::timestamptz, 'UTC'),
            date_trunc('hour', $1::timestamptz + interval '1 hour' - interval '1 microsecond', 'UTC'))
        and entry.occurred_at < $2
    union all
    select coalesce(entry.operation, ''), coalesce(entry.actor_user_id, ''), coalesce(entry.project_id, ''),
        dossier.call_host(entry.lane, entry.server_id, entry.occurred_at, entry.position, entry.host, done.position),
        coalesce(entry.http_status / 100, 0)::smallint,
        dossier.latency_bucket((entry.body::json -> 'data' ->> 'duration_ms')::double precision), 1,
        (least(coalesce((entry.body::json -> 'data' ->> 'duration_ms')::double precision, 0), 1e9) * 1000)::bigint
    from dossier.entries entry
    join done on done.lane = entry.lane
    where entry.lane = $9::smallint and entry.server_id = $8 and entry.occurred_at >= $1 and entry.occurred_at < $2
        and entry.type = 'org.openstack.manila.share_server.call' and entry.position < done.position
        and dossier.is_counted(entry.lane, entry.position, entry.request_id, done.position)
)
select case $3::text when 'operation' then operation when 'actor' then actor_user_id when 'project' then project_id
        when 'host' then host when 'http_class' then case http_class when 0 then 'none' else http_class || 'xx' end
        else 'fleet' end as group_name,
    http_class, bucket, sum(calls)::bigint as calls, sum(duration_us)::bigint as duration_us
from counted
where ($4::text is null or operation = $4) and ($5::text is null or actor_user_id = $5)
    and ($6::text is null or project_id = $6) and ($7::text is null or host = $7)
group by 1, 2, 3
order by group_name
