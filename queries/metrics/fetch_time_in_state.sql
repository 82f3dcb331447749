-- Time in each status over a window, by group; 'absent' and 'unobserved' beside Manila's. A server counts in a group
-- where it was there for any time that it was not absent; the time for which it was elsewhere is not in these rows. The arrays have an element for each visit, shortest first: its age when
-- the window began, or 0; its age when it ended, or the window; and whether it ended within the window.
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
--   total_us bigint
--   begun bigint
--   completed bigint
--   censored bigint
--   uncertainty_us bigint
--   entered_us bigint[]
--   left_us bigint[]
--   completions boolean[]
-- order: group_name nulls last, status ascending
-- limit: $11
with piece as (
    select lane, server_id, status,
        dossier.microseconds(until_at) - dossier.microseconds(from_at) as length_us,
        case $3::text when 'server' then server_id::text when 'host' then host when 'project' then project_id
            when 'share_network' then share_network_id else 'fleet' end as group_name
    from dossier.pieces($1, $2, $4, $5, $9)
    where ($6::text is null or host = $6) and ($7::text is null or project_id = $7)
        and ($8::text is null or share_network_id = $8)
), present as (
    select group_name, lane, server_id
    from piece
    group by group_name, lane, server_id
    having count(*) filter (where status <> 'absent') > 0
), page as (
    select group_name, count(*) as servers
    from present
    where $10::text is null or group_name > $10 or group_name is null
    group by group_name
    order by group_name nulls last
    limit $11
), total as (
    select piece.group_name, piece.status, sum(piece.length_us)::bigint as total_us
    from piece
    join present on present.group_name is not distinct from piece.group_name and present.lane = piece.lane
        and present.server_id = piece.server_id
    group by piece.group_name, piece.status
), visit as (
    select status, from_at >= $1 as is_begun, until_at >= $1 and until_at < $2 as is_completed,
        until_at is null or until_at >= $2 as is_censored,
        greatest(dossier.microseconds($1) - dossier.microseconds(from_at), 0) as entered_us,
        dossier.microseconds(least(until_at, $2)) - dossier.microseconds(from_at) as left_us,
        dossier.microseconds(from_at) - dossier.microseconds(not_before) as uncertainty_us,
        case $3::text when 'server' then server_id::text when 'host' then host when 'project' then project_id
            when 'share_network' then share_network_id else 'fleet' end as group_name
    from dossier.visits($1, $2, $4, $5, $9)
    where status <> 'absent' and ($6::text is null or host = $6) and ($7::text is null or project_id = $7)
        and ($8::text is null or share_network_id = $8)
), stay as (
    select group_name, status, count(*) filter (where is_begun) as begun, count(*) filter (where is_completed) as completed,
        count(*) filter (where is_censored) as censored,
        coalesce(max(uncertainty_us) filter (where is_begun), 0) as uncertainty_us,
        array_agg(entered_us order by left_us) as entered_us, array_agg(left_us order by left_us) as left_us,
        array_agg(is_completed is true order by left_us) as completions
    from visit
    group by group_name, status
)
select page.group_name, page.servers, every.status, coalesce(total.total_us, 0) as total_us, coalesce(stay.begun, 0) as begun,
    coalesce(stay.completed, 0) as completed, coalesce(stay.censored, 0) as censored,
    coalesce(stay.uncertainty_us, 0) as uncertainty_us, coalesce(stay.entered_us, '{}') as entered_us,
    coalesce(stay.left_us, '{}') as left_us, coalesce(stay.completions, '{}') as completions
from page
cross join lateral (
    select status from total where total.group_name is not distinct from page.group_name
    union
    select status from stay where stay.group_name is not distinct from page.group_name
) every
left join total on total.group_name is not distinct from page.group_name and total.status = every.status
left join stay on stay.group_name is not distinct from page.group_name and stay.status = every.status
order by group_name nulls last, status
