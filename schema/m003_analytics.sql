-- Projections for questions over time: errors, calls, and when somebody was watching; and what these questions share.

-- Finds what a source said of its own watching, which names no server.
create index entries_by_coverage on dossier.entries (lane, occurred_at, position)
    where type = 'org.dossier.source.coverage';

-- Calls that failed, in order of time.
create index entries_by_failure on dossier.entries (occurred_at, lane, position) where http_status >= 400;

-- Finds the servers that a back-end server has been: see dossier.chain.
create index servers_by_identifier on dossier.servers ((attributes ->> 'identifier'));

-- Failed visits that follow one another without another status between them are one episode. until_at to resolution are
-- null while it lasts; former_status is null where the server was first seen failed.
create table dossier.error_episodes (
    lane               smallint not null,
    server_id          uuid not null,
    from_at            timestamptz not null,
    position           bigint not null,
    not_before         timestamptz,
    status             text not null,
    former_status      text,
    visits             integer not null,
    cause_position     bigint,
    is_asserted        boolean not null,
    until_at           timestamptz,
    until_position     bigint,
    until_status       text,
    until_cause_position bigint,
    resolution         text check (resolution in ('reset', 'delete', 'unmanage', 'retry', 'itself')),
    host               text,
    project_id         text,
    share_network_id   text,
    primary key (lane, server_id, from_at, position)
);

create index error_episodes_by_time on dossier.error_episodes (from_at, lane, position);
create index error_episodes_by_end on dossier.error_episodes (until_at);

-- Calls by the hour in which they began. Texts that a call does not have are ''; http_class is 2 for 2xx and so on, 0 for
-- a call without an answer; bucket is dossier.latency_bucket(duration), -32768 where no duration was told.
create table dossier.call_stats (
    lane          smallint not null,
    hour_at       timestamptz not null,
    group_hash    bytea not null,
    bucket        smallint not null,
    operation     text not null,
    http_class    smallint not null,
    host          text not null,
    project_id    text not null,
    actor_user_id text not null,
    calls         bigint not null,
    duration_us   bigint not null,
    primary key (lane, hour_at, group_hash, bucket)
) with (fillfactor = 80);

create index call_stats_by_hour on dossier.call_stats (hour_at);
create index call_stats_empty on dossier.call_stats (lane) where calls = 0;

-- When each server was last called: a status that comes later and is dated earlier may move calls to another host.
create table dossier.server_calls (
    lane         smallint not null,
    server_id    uuid not null,
    last_call_at timestamptz not null,
    primary key (lane, server_id)
);

-- Runs of a source, from its start to its last sign of life, and gaps, which it found by itself.
create table dossier.coverage (
    lane           smallint not null,
    source         text not null,
    state          text not null check (state in ('watching', 'gap')),
    from_at        timestamptz not null,
    position       bigint not null,
    until_at       timestamptz not null,
    until_position bigint not null,
    has_stopped    boolean not null,
    primary key (lane, source, state, from_at, position)
);

-- Which sources have told the status of a server, in order.
create table dossier.server_sources (
    lane      smallint not null,
    server_id uuid not null,
    sources   text[] not null,
    primary key (lane, server_id)
);

-- Microseconds since 1970, exact. Near to our time by way of a double, which is five times as fast as the numeric: both
-- roundings together are off by less than half a microsecond below 2^51. In UTC without a zone, of which the functions
-- are immutable: only so is this one put in place where it is called.
create function dossier.microseconds(moment timestamptz) returns bigint
    language sql immutable parallel safe as
$$
    select case when moment >= timestamptz '1930-01-01 00:00:00+00' and moment < timestamptz '2040-01-01 00:00:00+00'
        then round(date_part('epoch', moment at time zone 'UTC') * 1000000)::bigint
        else (extract(epoch from moment at time zone 'UTC') * 1000000)::bigint end
$$;

-- Each bucket is a fiftieth wider than the one below it: whatever falls in is told from it within 1 %.
-- Source: Masson, Rim, Lee, "DDSketch", VLDB 2019; relative accuracy 0.01, so that gamma is 1.01 / 0.99.
create function dossier.latency_bucket(duration_ms double precision) returns smallint
    language sql immutable parallel safe as
$$
    select case when duration_ms is null then -32768
        else ceil(ln(least(greatest(duration_ms, 0.001), 1e9)) / ln(1.01 / 0.99::double precision)) end::smallint
$$;

-- The host on which a call found its server: as last seen by then in what was appended before `known`, else as the call
-- itself names it.
create function dossier.call_host(call_lane smallint, call_server uuid, call_at timestamptz, call_position bigint,
                                  named text, known bigint) returns text
    language sql stable parallel safe as
$$
    select coalesce((
        select entry.host from dossier.entries entry
        where entry.lane = call_lane and entry.server_id = call_server and entry.position < known
            and (entry.occurred_at, entry.position) <= (call_at, call_position)
            and entry.type = 'org.openstack.manila.share_server.status' and entry.host is not null
        order by entry.occurred_at desc, entry.position desc limit 1), named, '')
$$;

-- A time as Manila writes it, in UTC without saying so, or as RFC 3339 has it; null where it is none.
create function dossier.manila_time(written text) returns timestamptz
    language sql immutable parallel safe as
$$
    select case when written ~ '^[12]\d{3}-\d\d-\d\d[Tt ]\d\d:\d\d:[0-5]\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?$'
        then (left(written, 19) || coalesce(substring(written from '\.\d{1,6}'), ''))::timestamp at time zone 'UTC'
            - coalesce(substring(written from '[+-]\d\d:\d\d$'), '00:00')::interval end
$$;

-- When Manila says that it was created.
alter table dossier.servers
    add column created_at timestamptz generated always as (dossier.manila_time(attributes ->> 'created_at')) stored;

-- Finds the servers that were first seen after a moment, those that are there, and those that have gone since.
create index servers_by_first_seen on dossier.servers (first_seen_at) include (lane, server_id, created_at);
create index servers_present on dossier.servers (from_at) where status <> 'absent';
create index servers_gone on dossier.servers (from_at) where status = 'absent';

-- The servers of which something was appended from these positions on, one a lane.
create function dossier.changed_since(known bigint[], only_lane smallint, only_server uuid)
    returns table (lane smallint, server_id uuid)
    language sql stable parallel safe as
$$
    select distinct entry.lane, entry.server_id
    from unnest(known) with ordinality as bound (size, ordinality)
    join dossier.log_heads head on head.lane = (bound.ordinality - 1)::smallint
    -- With both ends the planner takes it for the short stretch that it is.
    join dossier.entries entry on entry.lane = head.lane and entry.position >= bound.size and entry.position < head.size
    where known is not null and entry.server_id is not null
        and (only_server is null or (entry.lane = only_lane and entry.server_id = only_server))
$$;

-- Whether an accepted call brings a server to a status in one step, as Manila does. Of several calls before a change the
-- last of these caused it; where there is none, the last that asked for any change.
-- Source: Manila 23, manila/share/api.py and manila/share/manager.py.
create function dossier.leads_to(operation text, body text, status text) returns boolean
    language sql immutable parallel safe as
$$
    select coalesce(case operation
        when 'delete' then status in ('deleting', 'absent')
        when 'unmanage' then status in ('unmanage_starting', 'absent')
        when 'manage' then status in ('manage_starting', 'manage_error', 'active')
        when 'migration_start' then status = 'server_migrating'
        when 'migration_complete' then status in ('active', 'inactive', 'deleting', 'absent')
        when 'migration_cancel' then status in ('active', 'inactive')
        when 'reset_status' then status = body::json #>> '{data,request,reset_status,status}'
    end, false)
$$;

-- What has been said of a lane's servers in the entries before a position, for questions as of what was known then.
-- known holds a position for each lane, from lane 0 on. A server of which nothing came later is as the tables have it.
create function dossier.known_visits(known bigint[], only_lane smallint, only_server uuid)
    returns table (lane smallint, server_id uuid, status text, from_at timestamptz, "position" bigint,
                   until_at timestamptz, not_before timestamptz, cause_position bigint, host text, project_id text,
                   share_network_id text, created_at text)
    language sql stable parallel safe as
$$
    with bound as (
        select (ordinality - 1)::smallint as lane, size from unnest(known) with ordinality as each (size, ordinality)
    ), changed as (
        select lane, server_id from dossier.changed_since(known, only_lane, only_server)
    ), told as (
        select entry.lane, entry.server_id, entry.occurred_at, entry.position, entry.status,
            entry.body::jsonb -> 'data' as data
        from changed
        join bound on bound.lane = changed.lane
        join dossier.entries entry on entry.lane = changed.lane and entry.server_id = changed.server_id
            and entry.position < bound.size and entry.type = 'org.openstack.manila.share_server.status'
    ), numbered as (
        select *, count(*) filter (where data ? 'host') over turn as hosts,
            count(*) filter (where data ? 'project_id') over turn as projects,
            count(*) filter (where data ? 'share_network_id') over turn as networks
        from told
        window turn as (partition by lane, server_id order by occurred_at, position)
    ), merged as (
        select lane, server_id, occurred_at, position, status, data ->> 'not_before' as not_before,
            first_value(data ->> 'host') over (partition by lane, server_id, hosts order by occurred_at, position)
                as host,
            first_value(data ->> 'project_id') over (partition by lane, server_id, projects
                                                     order by occurred_at, position) as project_id,
            first_value(data ->> 'share_network_id') over (partition by lane, server_id, networks
                                                           order by occurred_at, position) as share_network_id
        from numbered
    ), stepped as (
        select *, lag(status) over turn as former, lag(occurred_at) over turn as former_at
        from merged
        where status is not null
        window turn as (partition by lane, server_id order by occurred_at, position)
    ), visit as (
        select lane, server_id, status, occurred_at, position,
            case when coalesce(former_at, not_before::timestamptz) is not null
                then least(occurred_at, greatest(former_at, not_before::timestamptz)) end as not_before
        from stepped
        where former is distinct from status
    ), placed as (
        select *, coalesce(lag(occurred_at) over turn, '-infinity') as since_at, lag(status) over turn as former_status,
            lag(not_before) over turn as former_not_before, lead(occurred_at) over turn as until_at,
            lead(position) over turn as until_position
        from visit
        window turn as (partition by lane, server_id order by occurred_at, position)
    )
    select visit.lane, visit.server_id, visit.status, visit.occurred_at, visit.position, visit.until_at,
        visit.not_before, (
            -- As apply_status_events.sql has it.
            select entry.position
            from dossier.entries entry
            where entry.lane = visit.lane and entry.server_id = visit.server_id
                and entry.position < known[visit.lane + 1] and entry.occurred_at <= visit.occurred_at
                and entry.occurred_at > least(visit.since_at, visit.former_not_before)
                and entry.operation in ('delete', 'manage', 'unmanage', 'reset_status', 'reset_task_state',
                                        'migration_start', 'migration_complete', 'migration_cancel')
                and entry.http_status between 200 and 299
                and (entry.occurred_at > visit.since_at
                    or (dossier.leads_to(entry.operation, entry.body, visit.status)
                        and not dossier.leads_to(entry.operation, entry.body, visit.former_status)))
            order by dossier.leads_to(entry.operation, entry.body, visit.status) desc, entry.occurred_at desc,
                entry.position desc
            limit 1),
        final.host, final.project_id, final.share_network_id, (
            select told.data ->> 'created_at'
            from told
            where told.lane = visit.lane and told.server_id = visit.server_id and told.data ? 'created_at'
            order by told.occurred_at desc, told.position desc
            limit 1)
    from placed visit
    cross join lateral (
        -- Where the server was when the visit ended: as of the last sighting before the next visit, partial ones too.
        select merged.host, merged.project_id, merged.share_network_id
        from merged
        where merged.lane = visit.lane and merged.server_id = visit.server_id
            and (visit.until_at is null
                or (merged.occurred_at, merged.position) < (visit.until_at, visit.until_position))
        order by merged.occurred_at desc, merged.position desc
        limit 1
    ) final
$$;

-- Every visit that overlaps a window, the one under way without an end. Without a server: of all. known as above, or
-- null: all there is.
create function dossier.visits(window_from timestamptz, window_until timestamptz, only_lane smallint, only_server uuid,
                               known bigint[])
    returns table (lane smallint, server_id uuid, status text, from_at timestamptz, "position" bigint,
                   until_at timestamptz, not_before timestamptz, cause_position bigint, host text, project_id text,
                   share_network_id text)
    language sql stable parallel safe as
$$
    select closed.lane, closed.server_id, closed.status, closed.from_at, closed.position, closed.until_at,
        closed.not_before, closed.cause_position, closed.host, closed.project_id, closed.share_network_id
    from dossier.status_intervals closed
    where closed.from_at < window_until and closed.until_at >= window_from
        and (only_server is null or (closed.lane = only_lane and closed.server_id = only_server))
        and (known is null or not exists (
            select from dossier.changed_since(known, only_lane, only_server) changed
            where changed.lane = closed.lane and changed.server_id = closed.server_id))
    union all
    select open.lane, open.server_id, open.status, open.from_at, open.position, null, open.not_before,
        open.cause_position, open.host, open.project_id, open.share_network_id
    from dossier.servers open
    where open.status is not null and open.from_at < window_until
        and (only_server is null or (open.lane = only_lane and open.server_id = only_server))
        and (known is null or not exists (
            select from dossier.changed_since(known, only_lane, only_server) changed
            where changed.lane = open.lane and changed.server_id = open.server_id))
    union all
    select late.lane, late.server_id, late.status, late.from_at, late.position, late.until_at, late.not_before,
        late.cause_position, late.host, late.project_id, late.share_network_id
    from dossier.known_visits(known, only_lane, only_server) late
    where known is not null and late.from_at < window_until and (late.until_at is null or late.until_at >= window_from)
$$;

-- Which sources have told of their watching in entries that were not known yet.
create function dossier.coverage_since(known bigint[])
    returns table (lane smallint, source text)
    language sql stable parallel safe as
$$
    select distinct entry.lane, entry.body::json ->> 'source'
    from unnest(known) with ordinality as bound (size, ordinality)
    join dossier.log_heads head on head.lane = (bound.ordinality - 1)::smallint
    join dossier.entries entry on entry.lane = head.lane and entry.position >= bound.size and entry.position < head.size
        and entry.type = 'org.dossier.source.coverage'
    where known is not null
$$;

-- Runs and gaps of all sources. known as above, or null: all there is. A run begins with 'started', or with the first
-- sign of life after none or after 'stopped', and lasts to the last sign of life before the next start.
create function dossier.known_coverage(known bigint[])
    returns table (source text, state text, from_at timestamptz, until_at timestamptz)
    language sql stable parallel safe as
$$
    with late as (
        select lane, source from dossier.coverage_since(known)
    ), told as (
        select late.lane, late.source, entry.occurred_at, entry.position, entry.body::json -> 'data' as data,
            entry.body::json -> 'data' ->> 'state' as state
        from late
        join dossier.entries entry on entry.lane = late.lane and entry.position < known[late.lane + 1]
            and entry.type = 'org.dossier.source.coverage' and entry.body::json ->> 'source' = late.source
        where known is not null
    ), life as (
        select *, lag(state) over (partition by lane, source order by occurred_at, position) as former
        from told
        where state in ('started', 'alive', 'stopped', 'gap')
    ), numbered as (
        select *, count(*) filter (where state = 'started' or former is null or former = 'stopped') over (
            partition by lane, source order by occurred_at, position) as run
        from life
    )
    select run.source, run.state, run.from_at, run.until_at
    from dossier.coverage run
    where known is null
        or not exists (select from late where late.lane = run.lane and late.source = run.source)
    union all
    select source, 'watching', min(occurred_at), max(occurred_at) from numbered group by lane, source, run
    union all
    select source, 'gap', (data ->> 'from')::timestamptz, (data ->> 'until')::timestamptz
    from told
    where state = 'gap'
$$;

-- When each source that ever said so was watching: from each start to its last sign of life, less the gaps that it found.
-- known as above.
create function dossier.declared_watch(known bigint[])
    returns table (source text, watch tstzmultirange)
    language sql stable parallel safe as
$$
    select source,
        coalesce(range_agg(tstzrange(from_at, until_at)) filter (where state = 'watching'), '{}')
            - coalesce(range_agg(tstzrange(least(from_at, until_at), until_at)) filter (where state = 'gap'), '{}')
    from dossier.known_coverage(known)
    group by source
$$;

-- Which sources have told the status of each server. known as above.
create function dossier.told_sources(only_lane smallint, only_server uuid, known bigint[])
    returns table (lane smallint, server_id uuid, sources text[])
    language sql stable parallel safe as
$$
    select told.lane, told.server_id, told.sources
    from dossier.server_sources told
    where (only_server is null or (told.lane = only_lane and told.server_id = only_server))
        and (known is null or not exists (
            select from dossier.changed_since(known, only_lane, only_server) changed
            where changed.lane = told.lane and changed.server_id = told.server_id))
    union all
    select entry.lane, entry.server_id,
        array_agg(distinct entry.body::json ->> 'source' order by entry.body::json ->> 'source')
    from dossier.changed_since(known, only_lane, only_server) changed
    join dossier.entries entry on entry.lane = changed.lane and entry.server_id = changed.server_id
        and entry.position < known[changed.lane + 1]
        and entry.type = 'org.openstack.manila.share_server.status'
    where known is not null
    group by entry.lane, entry.server_id
$$;

-- When the sources of each server were watching. A source that never said anything of its watching is taken to have
-- watched always. known as above.
create function dossier.watched(only_lane smallint, only_server uuid, known bigint[])
    returns table (lane smallint, server_id uuid, watch tstzmultirange)
    language sql stable parallel safe as
$$
    -- Made out once a source and once a set of sources (materialized), not once a server.
    with declared as materialized (
        select source, watch from dossier.declared_watch(known)
    ), told as materialized (
        select lane, server_id, sources from dossier.told_sources(only_lane, only_server, known)
    ), watch as materialized (
        select sources, (
            select range_agg(coalesce(declared.watch, '{(,)}'))
            from unnest(sources) as each (source)
            left join declared on declared.source = each.source) as watch
        from (select distinct sources from told) every
    )
    select told.lane, told.server_id, watch.watch
    from told
    join watch on watch.sources = told.sources
$$;

-- The servers that were first seen after a moment, and, of those first seen no sooner than the end of a window, where they
-- were then. known as above.
create function dossier.appeared(window_from timestamptz, window_until timestamptz, only_lane smallint,
                                 only_server uuid, known bigint[])
    returns table (lane smallint, server_id uuid, first_seen_at timestamptz, created_at timestamptz, host text,
                   project_id text, share_network_id text)
    language sql stable parallel safe as
$$
    select server.lane, server.server_id, server.first_seen_at, server.created_at, earliest.host, earliest.project_id,
        earliest.share_network_id
    from dossier.servers server
    left join lateral (
        select closed.from_at, closed.position, closed.host, closed.project_id, closed.share_network_id
        from dossier.status_intervals closed
        where closed.lane = server.lane and closed.server_id = server.server_id
            and server.first_seen_at >= window_until
        union all
        select open.from_at, open.position, open.host, open.project_id, open.share_network_id
        from dossier.servers open
        where open.lane = server.lane and open.server_id = server.server_id
            and server.first_seen_at >= window_until
        order by from_at, position
        limit 1
    ) earliest on true
    where server.first_seen_at > window_from
        and (server.first_seen_at < window_until or server.created_at is null or server.created_at < window_until)
        and (only_server is null or (server.lane = only_lane and server.server_id = only_server))
        and (known is null or not exists (
            select from dossier.changed_since(known, only_lane, only_server) changed
            where changed.lane = server.lane and changed.server_id = server.server_id))
    union all
    (select distinct on (late.lane, late.server_id) late.lane, late.server_id, late.from_at,
        dossier.manila_time(late.created_at), late.host, late.project_id, late.share_network_id
     from dossier.known_visits(known, only_lane, only_server) late
     where known is not null
     order by late.lane, late.server_id, late.from_at, late.position)
$$;

-- The identifier of a server as it was known. known as above.
create function dossier.known_identifier(only_lane smallint, only_server uuid, attributes jsonb, known bigint[])
    returns text
    language sql stable parallel safe as
$$
    select case when known is null then attributes ->> 'identifier' else (
        select entry.body::jsonb -> 'data' ->> 'identifier'
        from dossier.entries entry
        where entry.lane = only_lane and entry.server_id = only_server and entry.position < known[only_lane + 1]
            and entry.type = 'org.openstack.manila.share_server.status'
            and entry.body::jsonb -> 'data' ? 'identifier'
        order by entry.occurred_at desc, entry.position desc
        limit 1) end
$$;

-- The servers that one back-end server has been, from the first to the last: one that is unmanaged and managed again has
-- a new id, and names the former in its identifier. Only those that were known.
create function dossier.chain(start_lane smallint, start_server uuid, known bigint[])
    returns table (lane smallint, server_id uuid, identifier text)
    language sql stable parallel safe as
$$
    with recursive member as (
        select server.lane, server.server_id,
            dossier.known_identifier(server.lane, server.server_id, server.attributes, known) as identifier
        from dossier.servers server
        where server.lane = start_lane and server.server_id = start_server
        union
        select next.lane, next.server_id, next.identifier
        from member
        cross join lateral (
            select candidate.lane, candidate.server_id,
                dossier.known_identifier(candidate.lane, candidate.server_id, candidate.attributes, known) as identifier
            from (
                select server.lane, server.server_id, server.attributes
                from dossier.servers server
                where server.attributes ->> 'identifier' in (member.server_id::text, member.identifier)
                union all
                select server.lane, server.server_id, server.attributes
                from dossier.log_heads head
                join dossier.servers server on server.lane = head.lane
                    and server.server_id = case
                        when member.identifier ~ '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$'
                        then member.identifier::uuid end
                offset 0
            ) candidate
        ) next
        where next.identifier in (member.server_id::text, member.identifier)
            or next.server_id::text = lower(member.identifier)
    )
    select member.lane, member.server_id, member.identifier
    from member
    where known is null or exists (
        select from dossier.entries entry
        where entry.lane = member.lane and entry.server_id = member.server_id
            and entry.position < known[member.lane + 1])
$$;

-- What is known of every server at every moment of a window at which it was not absent: pieces of one of Manila's
-- statuses, or 'unobserved': before it was first seen, and while no source was watching.
create function dossier.pieces(window_from timestamptz, window_until timestamptz, only_lane smallint, only_server uuid,
                               known bigint[])
    returns table (lane smallint, server_id uuid, status text, from_at timestamptz, until_at timestamptz,
                   host text, project_id text, share_network_id text)
    language sql stable parallel safe as
$$
    with visit as materialized (
        select visit.lane, visit.server_id, visit.status, visit.from_at, visit.until_at, visit.position, visit.host,
            visit.project_id, visit.share_network_id
        from dossier.visits(window_from, window_until, only_lane, only_server, known) visit
        where visit.status <> 'absent' or visit.from_at >= window_from
    ), declared as materialized (
        select source, watch * tstzmultirange(tstzrange(window_from, window_until)) as watch
        from dossier.declared_watch(known)
    ), placed as materialized (
        select visit.lane, visit.server_id, visit.status, visit.host, visit.project_id, visit.share_network_id,
            greatest(visit.from_at, window_from) as from_at, least(visit.until_at, window_until) as until_at,
            coalesce(told.sources, '{}') as sources
        from visit
        left join dossier.told_sources(only_lane, only_server, known) told
            on told.lane = visit.lane and told.server_id = visit.server_id
        where visit.status <> 'absent' and least(visit.until_at, window_until) > greatest(visit.from_at, window_from)
    ), watch as materialized (
        -- Within the window, once a set of sources.
        select sources, coalesce((
            select range_agg(coalesce(declared.watch, tstzmultirange(tstzrange(window_from, window_until))))
            from unnest(sources) as each (source)
            left join declared on declared.source = each.source),
            tstzmultirange(tstzrange(window_from, window_until))) as watch
        from (select distinct sources from placed) told
    ), judged as (
        select placed.*, watch.watch from placed join watch on watch.sources = placed.sources
    ), first as (
        select distinct on (seen.lane, seen.server_id) seen.lane, seen.server_id,
            case when visit.lane is null then seen.host else visit.host end as host,
            case when visit.lane is null then seen.project_id else visit.project_id end as project_id,
            case when visit.lane is null then seen.share_network_id else visit.share_network_id end as share_network_id,
            least(seen.first_seen_at, window_until) as seen_at,
            least(seen.first_seen_at, window_until, greatest(window_from, seen.created_at)) as created_at
        from dossier.appeared(window_from, window_until, only_lane, only_server, known) seen
        left join visit on visit.lane = seen.lane and visit.server_id = seen.server_id
            and visit.from_at = seen.first_seen_at
        order by seen.lane, seen.server_id, visit.position
    )
    select lane, server_id, status, from_at, until_at, host, project_id, share_network_id
    from judged
    where watch @> tstzrange(from_at, until_at)
    union all
    select judged.lane, judged.server_id, judged.status, lower(seen), upper(seen), judged.host, judged.project_id,
        judged.share_network_id
    from judged
    cross join lateral unnest(judged.watch * tstzmultirange(tstzrange(judged.from_at, judged.until_at))) as seen
    where not judged.watch @> tstzrange(judged.from_at, judged.until_at)
    union all
    select judged.lane, judged.server_id, 'unobserved', lower(unseen), upper(unseen), judged.host, judged.project_id,
        judged.share_network_id
    from judged
    cross join lateral unnest(tstzmultirange(tstzrange(judged.from_at, judged.until_at)) - judged.watch) as unseen
    where not judged.watch @> tstzrange(judged.from_at, judged.until_at)
    union all
    select lane, server_id, 'unobserved', greatest(created_at, window_from), seen_at, host, project_id, share_network_id
    from first
    where seen_at > greatest(created_at, window_from)
$$;

grant select on dossier.error_episodes, dossier.call_stats, dossier.server_calls, dossier.coverage,
    dossier.server_sources to dossier_reader;
grant select, insert, update, delete on dossier.error_episodes, dossier.call_stats, dossier.server_calls,
    dossier.coverage, dossier.server_sources to dossier_writer;
