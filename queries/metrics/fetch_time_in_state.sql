-- Time in each status over a window, by group; 'unobserved' beside Manila's. A server counts in a group where it was there
-- for any time that it was not absent; the time for which it was absent or elsewhere is in no row. The arrays have an
-- element for each visit: its age when the window began, or 0; its age when it ended, or the window; and whether it ended
-- within the window.
-- $1 from timestamptz  inclusive
-- $2 until timestamptz  exclusive, no later than what is known
-- $3 by text  server, host, project, share_network or fleet
-- $4 lane smallint?  with $5: only this server
-- $5 server_id uuid?
-- $6 host text?  only there; so the two below
-- $7 project_id text?
-- $8 share_network_id text?
-- $9 known bigint[]?  as of these positions, one a lane; null: all there is
-- $10 after text?  keyset: the last group of the page before
-- $11 limit integer  groups
-- returns: many
--   group_name text?
--   servers bigint
--   status text
--   total_s bigint
--   total_rest_us bigint
--   begun bigint
--   completed bigint
--   censored bigint
--   uncertainty_us bigint
--   entered_us bigint[]
--   left_us bigint[]
--   completions boolean[]
-- order: group_name nulls last, status ascending
-- limit: $11
with every as materialized (
    select lane, server_id, status, position, from_at, until_at, host, project_id, share_network_id,
        dossier.microseconds(from_at) as from_us, dossier.microseconds(greatest(from_at, $1)) as start_us,
        dossier.microseconds(least(until_at, $2)) as end_us, dossier.microseconds(not_before) as not_before_us,
        case $3::text when 'server' then server_id::text when 'host' then host when 'project' then project_id
            when 'share_network' then share_network_id else 'fleet' end as group_name
    from dossier.stays($1, $2, $4, $5, $9)
), visit as (
    select *
    from every
    where ($6::text is null or host = $6) and ($7::text is null or project_id = $7)
        and ($8::text is null or share_network_id = $8)
), declared as materialized (
    select source, watch from dossier.declared_watch($9)
), placed as materialized (
    select visit.group_name, visit.lane, visit.server_id, visit.status, visit.start_us, visit.end_us,
        coalesce(told.sources, '{}') as sources
    from visit
    left join dossier.told_sources($4, $5, $9) told on told.lane = visit.lane and told.server_id = visit.server_id
    where visit.status <> 'absent' and visit.end_us > visit.start_us
), watch as materialized (
    -- How each set of sources watched: stretches in order, and how long had been watched before each.
    select told.sources, array_agg(run.from_us order by run.from_us) as starts,
        array_agg(run.until_us order by run.from_us) as ends, array_agg(run.before_us order by run.from_us) as before
    from (select distinct sources from placed) told
    cross join lateral (
        select from_us, until_us, (sum(until_us - from_us) over (order by from_us) - (until_us - from_us))::bigint
            as before_us
        from (
            select dossier.microseconds(lower(stretch)) as from_us, dossier.microseconds(upper(stretch)) as until_us
            from (
                select coalesce(range_agg(coalesce(declared.watch, '{(,)}')), '{(,)}') as watch
                from unnest(told.sources) as each (source)
                left join declared on declared.source = each.source
            ) together
            cross join lateral unnest(together.watch * tstzmultirange(tstzrange($1, $2))) as stretch
        ) stretches
    ) run
    group by told.sources
), measured as (
    -- How long was watched up to the end of a visit less up to its beginning: by the stretch in which each lies.
    select placed.group_name, placed.status, placed.end_us - placed.start_us as length_us,
        case when watch.starts is null then 0
            else case bucket.end when 0 then 0
                    else watch.before[bucket.end] + least(placed.end_us, watch.ends[bucket.end]) - watch.starts[bucket.end] end
                - case bucket.start when 0 then 0
                    else watch.before[bucket.start] + least(placed.start_us, watch.ends[bucket.start])
                        - watch.starts[bucket.start] end
        end as watched_us
    from placed
    left join watch on watch.sources = placed.sources
    cross join lateral (
        select width_bucket(placed.start_us, watch.starts) as start, width_bucket(placed.end_us, watch.starts) as end
        offset 0
    ) bucket
), appeared as (
    select distinct on (seen.lane, seen.server_id) seen.lane, seen.server_id, seen.first_seen_at, seen.created_at,
        case when every.lane is null then seen.host else every.host end as host,
        case when every.lane is null then seen.project_id else every.project_id end as project_id,
        case when every.lane is null then seen.share_network_id else every.share_network_id end as share_network_id
    from dossier.appeared($1, $2, $4, $5, $9) seen
    left join every on every.lane = seen.lane and every.server_id = seen.server_id and every.from_at = seen.first_seen_at
    order by seen.lane, seen.server_id, every.position
), unseen as (
    -- Before they were first seen, back to when Manila says that they were created.
    select lane, server_id,
        case $3::text when 'server' then server_id::text when 'host' then host when 'project' then project_id
            when 'share_network' then share_network_id else 'fleet' end as group_name,
        dossier.microseconds(least(first_seen_at, $2))
            - dossier.microseconds(least(first_seen_at, $2, greatest($1, created_at))) as length_us
    from appeared
    where ($6::text is null or host = $6) and ($7::text is null or project_id = $7)
        and ($8::text is null or share_network_id = $8)
), page as (
    select group_name, count(*) as servers
    from (
        select group_name, lane, server_id from placed
        union
        select group_name, lane, server_id from unseen where length_us > 0
    ) present
    where $10::text is null or group_name > $10 or group_name is null
    group by group_name
    order by group_name nulls last
    limit $11
), total as (
    select group_name, status, sum(watched_us) as total_us, sum(length_us - watched_us) as unwatched_us
    from measured
    group by group_name, status
), seconds as (
    select group_name, status, total_us from total where total_us > 0
    union all
    select group_name, 'unobserved', sum(unseen_us)
    from (
        select group_name, unwatched_us as unseen_us from total
        union all
        select group_name, length_us from unseen
    ) unobserved
    group by group_name
    having sum(unseen_us) > 0
), stay as (
    select group_name, status, count(*) filter (where from_at >= $1) as begun,
        count(*) filter (where until_at >= $1 and until_at < $2) as completed,
        count(*) filter (where until_at is null or until_at >= $2) as censored,
        coalesce(max(from_us - not_before_us) filter (where from_at >= $1), 0) as uncertainty_us,
        array_agg(greatest(dossier.microseconds($1) - from_us, 0)) as entered_us,
        array_agg(end_us - from_us) as left_us,
        array_agg((until_at >= $1 and until_at < $2) is true) as completions
    from visit
    where status <> 'absent'
    group by group_name, status
)
select page.group_name, page.servers, there.status,
    -- In two parts: a large fleet has more microseconds in a long window than a bigint holds.
    div(coalesce(seconds.total_us, 0), 1000000)::bigint as total_s,
    mod(coalesce(seconds.total_us, 0), 1000000)::bigint as total_rest_us, coalesce(stay.begun, 0) as begun,
    coalesce(stay.completed, 0) as completed, coalesce(stay.censored, 0) as censored,
    coalesce(stay.uncertainty_us, 0) as uncertainty_us, coalesce(stay.entered_us, '{}') as entered_us,
    coalesce(stay.left_us, '{}') as left_us, coalesce(stay.completions, '{}') as completions
from page
cross join lateral (
    select status from seconds where seconds.group_name is not distinct from page.group_name
    union
    select status from stay where stay.group_name is not distinct from page.group_name
) there
left join seconds on seconds.group_name is not distinct from page.group_name and seconds.status = there.status
left join stay on stay.group_name is not distinct from page.group_name and stay.status = there.status
order by group_name nulls last, status
