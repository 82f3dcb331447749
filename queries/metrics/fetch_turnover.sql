-- How many servers came and went in each step of a window. A server came when Manila says that it was created, or, where
-- it does not say, when it was first seen on its way in; it went when it was first seen to be absent.
-- $1 from timestamptz  inclusive
-- $2 until timestamptz  exclusive
-- $3 step_us bigint
-- $4 by text  host, project, share_network or fleet
-- $5 host text?  only there; so the two below
-- $6 project_id text?
-- $7 share_network_id text?
-- returns: many
--   group_name text?
--   step bigint
--   created bigint
--   removed bigint
-- order: group_name nulls last, step ascending
-- limit: none; a row for each group and step in which a server came or went
with turn as (
    select dossier.manila_time(server.attributes ->> 'created_at') as at, true as is_creation, server.host,
        server.project_id, server.share_network_id
    from dossier.servers server
    where server.status is not null
    union all
    select visit.from_at, true, visit.host, visit.project_id, visit.share_network_id
    from dossier.visits($1, $2, null, null, null) visit
    join dossier.servers server on server.lane = visit.lane and server.server_id = visit.server_id
    where visit.from_at = server.first_seen_at and visit.status in ('creating', 'manage_starting')
        and dossier.manila_time(server.attributes ->> 'created_at') is null
    union all
    select visit.from_at, false, visit.host, visit.project_id, visit.share_network_id
    from dossier.visits($1, $2, null, null, null) visit
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
