-- Questions about a window cost what it holds, however many servers have gone before it.

-- Every visit that overlaps a window, as dossier.visits has them, but for absences that began before it.
create function dossier.stays(window_from timestamptz, window_until timestamptz, only_lane smallint, only_server uuid,
                              known bigint[])
    returns table (lane smallint, server_id uuid, status text, from_at timestamptz, "position" bigint,
                   until_at timestamptz, not_before timestamptz, host text, project_id text, share_network_id text)
    language sql stable parallel safe as
$$
    select closed.lane, closed.server_id, closed.status, closed.from_at, closed.position, closed.until_at,
        closed.not_before, closed.host, closed.project_id, closed.share_network_id
    from dossier.status_intervals closed
    where closed.from_at < window_until and closed.until_at >= window_from
        and (closed.status <> 'absent' or closed.from_at >= window_from)
        and (only_server is null or (closed.lane = only_lane and closed.server_id = only_server))
        and (known is null or not exists (
            select from dossier.changed_since(known, only_lane, only_server) changed
            where changed.lane = closed.lane and changed.server_id = closed.server_id))
    union all
    select open.lane, open.server_id, open.status, open.from_at, open.position, null, open.not_before, open.host,
        open.project_id, open.share_network_id
    from dossier.servers open
    where open.status <> 'absent' and open.from_at < window_until
        and (only_server is null or (open.lane = only_lane and open.server_id = only_server))
        and (known is null or not exists (
            select from dossier.changed_since(known, only_lane, only_server) changed
            where changed.lane = open.lane and changed.server_id = open.server_id))
    union all
    select gone.lane, gone.server_id, gone.status, gone.from_at, gone.position, null, gone.not_before, gone.host,
        gone.project_id, gone.share_network_id
    from dossier.servers gone
    where gone.status = 'absent' and gone.from_at >= window_from and gone.from_at < window_until
        and (only_server is null or (gone.lane = only_lane and gone.server_id = only_server))
        and (known is null or not exists (
            select from dossier.changed_since(known, only_lane, only_server) changed
            where changed.lane = gone.lane and changed.server_id = gone.server_id))
    union all
    select late.lane, late.server_id, late.status, late.from_at, late.position, late.until_at, late.not_before,
        late.host, late.project_id, late.share_network_id
    from dossier.known_visits(known, only_lane, only_server) late
    where known is not null and late.from_at < window_until and (late.until_at is null or late.until_at >= window_from)
        and (late.status <> 'absent' or late.from_at >= window_from)
$$;

-- As before (m003), but for what is read: of the sources that told of a server, those of the window's servers alone; and
-- what was watched throughout is not cut into pieces.
create or replace function dossier.pieces(window_from timestamptz, window_until timestamptz, only_lane smallint, only_server uuid,
                               known bigint[])
    returns table (lane smallint, server_id uuid, status text, from_at timestamptz, until_at timestamptz,
                   host text, project_id text, share_network_id text)
    language sql stable parallel safe as
$$
    with visit as materialized (
        select stay.lane, stay.server_id, stay.status, stay.from_at, stay.until_at, stay.position, stay.host,
            stay.project_id, stay.share_network_id
        from dossier.stays(window_from, window_until, only_lane, only_server, known) stay
    ), told as materialized (
        -- Looked up one by one (offset 0): there are more servers that have gone than any window has.
        select server.lane, server.server_id, told.sources
        from (select distinct lane, server_id from visit) server
        cross join lateral (
            select sources from dossier.server_sources
            where lane = server.lane and server_id = server.server_id and known is null
            offset 0
        ) told
        union all
        select lane, server_id, sources from dossier.told_sources(only_lane, only_server, known) where known is not null
    ), declared as materialized (
        select source, watch * tstzmultirange(tstzrange(window_from, window_until)) as watch
        from dossier.declared_watch(known)
    ), watch as materialized (
        -- Within the window, once a set of sources; null where all of it was watched.
        select sources, nullif(watch, tstzmultirange(tstzrange(window_from, window_until))) as watch
        from (
            select sources, coalesce((
                select range_agg(coalesce(declared.watch, tstzmultirange(tstzrange(window_from, window_until))))
                from unnest(sources) as each (source)
                left join declared on declared.source = each.source),
                tstzmultirange(tstzrange(window_from, window_until))) as watch
            from (select distinct sources from told) every
        ) watched
    ), judged as (
        select visit.lane, visit.server_id, visit.status, visit.host, visit.project_id, visit.share_network_id,
            greatest(visit.from_at, window_from) as from_at, least(visit.until_at, window_until) as until_at, watch.watch
        from visit
        left join told on told.lane = visit.lane and told.server_id = visit.server_id
        left join watch on watch.sources = told.sources
        where visit.status <> 'absent' and least(visit.until_at, window_until) > greatest(visit.from_at, window_from)
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
    where watch is null
    union all
    select judged.lane, judged.server_id, judged.status, lower(seen), upper(seen), judged.host, judged.project_id,
        judged.share_network_id
    from judged
    cross join lateral unnest(judged.watch * tstzmultirange(tstzrange(judged.from_at, judged.until_at))) as seen
    where judged.watch is not null
    union all
    select judged.lane, judged.server_id, 'unobserved', lower(unseen), upper(unseen), judged.host, judged.project_id,
        judged.share_network_id
    from judged
    cross join lateral unnest(tstzmultirange(tstzrange(judged.from_at, judged.until_at)) - judged.watch) as unseen
    where judged.watch is not null
    union all
    select lane, server_id, 'unobserved', greatest(created_at, window_from), seen_at, host, project_id, share_network_id
    from first
    where seen_at > greatest(created_at, window_from)
$$;
