-- How many servers came and went in each step of a window. A server came when Manila says that it was created, or, where
-- it does not say, when it was first seen on its way in; it went when it was first seen to be absent.
-- $1 from timestamptz  inclusive
-- $2 until timestamptz  exclusive
-- $3 step_us bigint
-- $4 by text  host, project, share_network or fleet
-- $5 host text?  only there; so the two below
-- $6 project_id text?
-- $7 share_network_id text?
-- $8 known bigint[]?  as of these positions, one a lane; null: all there is
-- returns: many
--   group_name text?
--   step bigint
--   created bigint
--   removed bigint
-- order: group_name nulls last, step ascending
-- limit: none; a row for each group and step in which a server came or went
with changed as materialized (
    select lane, server_id from dossier.changed_since($8, null, null)
), turn as (
    -- Where a server was when it was first seen: where it went later does not change what was.
    select coalesce(born.created_at, earliest.from_at) as at, true as is_creation, earliest.host, earliest.project_id,
        earliest.share_network_id
    from dossier.servers born
    cross join lateral (
        select closed.status, closed.from_at, closed.position, closed.host, closed.project_id, closed.share_network_id
        from dossier.status_intervals closed
        where closed.lane = born.lane and closed.server_id = born.server_id
        union all
        select born.status, born.from_at, born.position, born.host, born.project_id, born.share_network_id
        order by from_at, position
        limit 1
    ) earliest
    where born.status is not null and coalesce(born.created_at, born.first_seen_at) >= $1
        and coalesce(born.created_at, born.first_seen_at) < $2
        and (born.created_at is not null or earliest.status in ('creating', 'manage_starting'))
        and ($8::bigint[] is null or not exists (
            select from changed where changed.lane = born.lane and changed.server_id = born.server_id))
    union all
    select coalesce(dossier.manila_time(earliest.created_at), earliest.from_at), true, earliest.host,
        earliest.project_id, earliest.share_network_id
    from (
        select distinct on (lane, server_id) status, from_at, created_at, host, project_id, share_network_id
        from dossier.known_visits($8, null, null)
        where $8::bigint[] is not null
        order by lane, server_id, from_at, position
    ) earliest
    where earliest.created_at is not null or earliest.status in ('creating', 'manage_starting')
    union all
    select visit.from_at, false, visit.host, visit.project_id, visit.share_network_id
    from dossier.visits($1, $2, null, null, $8) visit
    where visit.status = 'absent'
)
select case $4::text when 'host' then host when 'project' then project_id when 'share_network' then share_network_id
        else 'fleet' end as group_name,
    (dossier.microseconds(at) - dossier.microseconds($1)) / $3 as step,
    count(*) filter (where is_creation) as created, count(*) filter (where not is_creation) as removed
from turn
where at >= $1 and at < $2
    and ($5::text is null or host = $5) and ($6::text is null or project_id = $6)
    and ($7::text is null or share_network_id = $7)
group by 1, 2
order by group_name nulls last, step
