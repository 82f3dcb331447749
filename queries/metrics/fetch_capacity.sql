-- How many servers there were in each step of a window, by group and class of status; 'unobserved' is a class of its own,
-- and those absent are not counted. server_us is the time of all servers together.
-- $1 from timestamptz  inclusive
-- $2 until timestamptz  exclusive, no later than what is known
-- $3 step_us bigint  the last step may be shorter
-- $4 by text  host, project, share_network or fleet
-- $5 host text?  only there; so the two below
-- $6 project_id text?
-- $7 share_network_id text?
-- $8 limit integer  rows
-- $9 known bigint[]?  as of these positions, one a lane; null: all there is
-- returns: many
--   group_name text?
--   step bigint
--   status_class text
--   server_us double
--   peak bigint
-- order: group_name nulls last, step, status_class ascending
-- limit: $8
with piece as (
    select from_at, until_at, case status when 'unobserved' then status else dossier.status_class(status) end as status_class,
        case $4::text when 'host' then host when 'project' then project_id when 'share_network' then share_network_id
            else 'fleet' end as group_name
    from dossier.pieces($1, $2, null, null, $9)
    where status <> 'absent' and ($5::text is null or host = $5) and ($6::text is null or project_id = $6)
        and ($7::text is null or share_network_id = $7)
), change as (
    select group_name, status_class, at, sum(change) as change
    from (
        select group_name, status_class, from_at as at, 1 as change from piece
        union all
        select group_name, status_class, until_at, -1 from piece
        union all
        -- A stretch that is cut where a step begins lies within one step.
        select every.group_name, every.status_class, $1 + step * $3 * interval '1 microsecond', 0
        from (select distinct group_name, status_class from piece) every
        cross join generate_series(0, (dossier.microseconds($2) - dossier.microseconds($1) - 1) / $3) as step
    ) change
    group by group_name, status_class, at
), stretch as (
    select group_name, status_class, at, sum(change) over turn as servers, lead(at) over turn as until_at
    from change
    window turn as (partition by group_name, status_class order by at)
)
select group_name, (dossier.microseconds(at) - dossier.microseconds($1)) / $3 as step, status_class,
    sum(servers * (dossier.microseconds(until_at) - dossier.microseconds(at)))::double precision as server_us,
    max(servers)::bigint as peak
from stretch
where until_at is not null
group by 1, 2, 3
having max(servers) > 0
order by group_name nulls last, step, status_class
limit $8
