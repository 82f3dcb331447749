-- The creations that were seen to begin in a window, and what came of each by its end: the class of the
-- status that followed, or null while the creation lasts. age_us runs to that, or to the end of the window.
-- $1 from timestamptz  inclusive
-- $2 until timestamptz  exclusive, no later than what is known
-- $3 by text  server, host, project, share_network or fleet
-- $4 lane smallint?  with $5: only this server
-- $5 server_id uuid?
-- $6 host text?  as it was when the creation ended; so the two below
-- $7 project_id text?
-- $8 share_network_id text?
-- $9 known bigint[]?  as of these positions, one a lane; null: all there is
-- returns: many
--   group_name text?
--   outcome text?
--   age_us bigint
-- order: group_name nulls last, age_us ascending
-- limit: none; one row a creation
with late as materialized (
    select * from dossier.known_visits($9, $4::smallint, $5::uuid) where $9::bigint[] is not null
)
select case $3::text when 'server' then visit.server_id::text when 'host' then visit.host
        when 'project' then visit.project_id when 'share_network' then visit.share_network_id
        else 'fleet' end as group_name,
    case when next.status is not null then dossier.status_class(next.status) end as outcome,
    dossier.microseconds(coalesce(next.from_at, $2)) - dossier.microseconds(visit.from_at) as age_us
from dossier.visits($1, $2, $4::smallint, $5::uuid, $9) visit
left join lateral (
    select from_at, position, status
    from dossier.status_intervals closed
    where closed.lane = visit.lane and closed.server_id = visit.server_id
        and (closed.from_at, closed.position) > (visit.from_at, visit.position) and closed.from_at < $2
        and ($9::bigint[] is null or not exists (
            select from late where late.lane = visit.lane and late.server_id = visit.server_id))
    union all
    select from_at, position, status
    from dossier.servers open
    where open.lane = visit.lane and open.server_id = visit.server_id
        and (open.from_at, open.position) > (visit.from_at, visit.position) and open.from_at < $2
        and ($9::bigint[] is null or not exists (
            select from late where late.lane = visit.lane and late.server_id = visit.server_id))
    union all
    select from_at, position, status
    from late
    where late.lane = visit.lane and late.server_id = visit.server_id
        and (late.from_at, late.position) > (visit.from_at, visit.position) and late.from_at < $2
    order by from_at, position
    limit 1
) next on true
where visit.status = 'creating' and visit.from_at >= $1
    and ($6::text is null or visit.host = $6) and ($7::text is null or visit.project_id = $7)
    and ($8::text is null or visit.share_network_id = $8)
order by group_name nulls last, age_us
