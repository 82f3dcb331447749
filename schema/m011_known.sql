-- Every question can be asked again as of what was known at a position: what the tables say of servers and sources of which
-- something came later is made out of the log again. known holds a position for each lane, from lane 0 on, or is null: all
-- there is.

-- The error episodes of servers of which something came later, as apply_error_episodes.sql makes them of all.
create function dossier.known_episodes(known bigint[], only_lane smallint, only_server uuid)
    returns table (lane smallint, server_id uuid, from_at timestamptz, "position" bigint, not_before timestamptz,
                   status text, former_status text, visits integer, cause_position bigint, is_asserted boolean,
                   until_at timestamptz, until_position bigint, until_status text, until_cause_position bigint,
                   resolution text, host text, project_id text, share_network_id text)
    language sql stable parallel safe as
$$
    with turned as (
        select visit.lane, visit.server_id, visit.from_at, visit.position, visit.not_before, visit.cause_position,
            visit.status, visit.host, visit.project_id, visit.share_network_id, lag(visit.status) over turn as former_status,
            lead(visit.from_at) over turn as until_at, lead(visit.position) over turn as until_position,
            lead(visit.status) over turn as until_status, lead(visit.cause_position) over turn as until_cause_position
        from dossier.known_visits(known, only_lane, only_server) visit
        window turn as (partition by visit.lane, visit.server_id order by visit.from_at, visit.position)
    ), failed as (
        select *, count(*) filter (where former_status is null or dossier.status_class(former_status) <> 'failed') over (
            partition by lane, server_id order by from_at, position) as episode
        from turned
        where dossier.status_class(status) = 'failed'
    ), ended as (
        select distinct on (lane, server_id, episode) *, count(*) over whole as visits,
            last_value(until_at) over whole as ended_at, last_value(until_position) over whole as ended_position,
            last_value(until_status) over whole as ended_status,
            last_value(until_cause_position) over whole as ended_cause_position
        from failed
        window whole as (partition by lane, server_id, episode order by from_at, position
                         rows between unbounded preceding and unbounded following)
        order by lane, server_id, episode, from_at, position
    )
    select ended.lane, ended.server_id, ended.from_at, ended.position, ended.not_before, ended.status,
        ended.former_status, ended.visits::integer, ended.cause_position,
        coalesce(cause.operation = 'reset_status', false), ended.ended_at, ended.ended_position, ended.ended_status,
        ended.ended_cause_position,
        case when ended.ended_at is null then null
            when remedy.operation = 'reset_status' then 'reset'
            when remedy.operation in ('delete', 'unmanage') then remedy.operation
            when remedy.operation is not null then 'retry'
            else 'itself' end,
        ended.host, ended.project_id, ended.share_network_id
    from ended
    left join dossier.entries cause on cause.lane = ended.lane and cause.position = ended.cause_position
    left join dossier.entries remedy on remedy.lane = ended.lane and remedy.position = ended.ended_cause_position
$$;

-- Every error episode. Without a server: of all.
create function dossier.episodes(known bigint[], only_lane smallint, only_server uuid)
    returns table (lane smallint, server_id uuid, from_at timestamptz, "position" bigint, not_before timestamptz,
                   status text, former_status text, visits integer, cause_position bigint, is_asserted boolean,
                   until_at timestamptz, until_position bigint, until_status text, until_cause_position bigint,
                   resolution text, host text, project_id text, share_network_id text)
    language sql stable parallel safe as
$$
    select episode.lane, episode.server_id, episode.from_at, episode.position, episode.not_before, episode.status,
        episode.former_status, episode.visits, episode.cause_position, episode.is_asserted, episode.until_at,
        episode.until_position, episode.until_status, episode.until_cause_position, episode.resolution, episode.host,
        episode.project_id, episode.share_network_id
    from dossier.error_episodes episode
    where (only_server is null or (episode.lane = only_lane and episode.server_id = only_server))
        and (known is null or not exists (
            select from dossier.changed_since(known, only_lane, only_server) changed
            where changed.lane = episode.lane and changed.server_id = episode.server_id))
    union all
    select late.lane, late.server_id, late.from_at, late.position, late.not_before, late.status, late.former_status,
        late.visits, late.cause_position, late.is_asserted, late.until_at, late.until_position, late.until_status,
        late.until_cause_position, late.resolution, late.host, late.project_id, late.share_network_id
    from dossier.known_episodes(known, only_lane, only_server) late
    where known is not null
$$;

-- As before (m003), and with the entries that each run and gap rests on.
drop function dossier.known_coverage(bigint[]);
create function dossier.known_coverage(known bigint[])
    returns table (lane smallint, source text, state text, from_at timestamptz, "position" bigint, until_at timestamptz,
                   until_position bigint, has_stopped boolean)
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
    select run.lane, run.source, run.state, run.from_at, run.position, run.until_at, run.until_position, run.has_stopped
    from dossier.coverage run
    where known is null
        or not exists (select from late where late.lane = run.lane and late.source = run.source)
    union all
    select lane, source, 'watching', min(occurred_at), (array_agg(position order by occurred_at, position))[1],
        max(occurred_at), (array_agg(position order by occurred_at desc, position desc))[1],
        (array_agg(state order by occurred_at desc, position desc))[1] = 'stopped'
    from numbered
    group by lane, source, run
    union all
    select lane, source, 'gap', (data ->> 'from')::timestamptz, position, (data ->> 'until')::timestamptz, position, false
    from told
    where state = 'gap'
$$;

-- The leaf hashes of entries. With its owner's rights: an answer to whoever sees some entries only names roots over all.
create function dossier.leaf_hashes(of_lane smallint, positions bigint[])
    returns table ("position" bigint, leaf_hash bytea)
    language sql stable security definer set search_path = pg_catalog, pg_temp as
$$
    select entry.position, entry.leaf_hash from dossier.log_entries entry
    where entry.lane = of_lane and entry.position = any (positions)
$$;

revoke execute on function dossier.leaf_hashes(smallint, bigint[]) from public;
grant execute on function dossier.leaf_hashes(smallint, bigint[])
    to dossier_writer, dossier_reader, dossier_project_reader;
grant select on dossier.subtrees to dossier_project_reader;
