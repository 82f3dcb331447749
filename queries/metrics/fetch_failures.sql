-- The failures of a window, that is entries into a failed status from another, and what came of each by its end: 'restored' to a
-- serving status, 'gone', or null while neither has come. age_us runs to that, or to the end of the window;
-- is_first_sight says that whatever was before the failure was not seen.
-- $1 from timestamptz  inclusive
-- $2 until timestamptz  exclusive, no later than what is known
-- $3 by text  server, host, project, share_network or fleet
-- $4 lane smallint?  with $5: only this server
-- $5 server_id uuid?
-- $6 host text?  as it was when the visit that failed ended; so the two below
-- $7 project_id text?
-- $8 share_network_id text?
-- $9 known bigint[]?  as of these positions, one a lane; null: all there is
-- returns: many
--   group_name text?
--   outcome text?
--   age_us bigint
--   is_first_sight boolean
--   is_asserted boolean
--   is_restored_by_reset boolean
-- order: group_name nulls last, age_us ascending
-- limit: none; one row a failure
with late as materialized (
    select * from dossier.known_visits($9, $4::smallint, $5::uuid) where $9::bigint[] is not null
)
select case $3::text when 'server' then episode.server_id::text when 'host' then episode.host
        when 'project' then episode.project_id when 'share_network' then episode.share_network_id
        else 'fleet' end as group_name,
    case dossier.status_class(next.status) when 'serving' then 'restored' when 'absent' then 'gone' end as outcome,
    dossier.microseconds(coalesce(next.from_at, $2)) - dossier.microseconds(episode.from_at) as age_us,
    episode.former_status is null as is_first_sight, episode.is_asserted,
    coalesce(dossier.status_class(next.status) = 'serving' and cause.operation = 'reset_status', false)
        as is_restored_by_reset
from dossier.episodes($9, $4::smallint, $5::uuid) episode
left join lateral (
    select from_at, position, status, cause_position
    from dossier.status_intervals closed
    where closed.lane = episode.lane and closed.server_id = episode.server_id
        and (closed.from_at, closed.position) > (episode.from_at, episode.position) and closed.from_at < $2
        and (closed.status = 'active' or closed.status = 'absent')
        and ($9::bigint[] is null or not exists (
            select from late where late.lane = episode.lane and late.server_id = episode.server_id))
    union all
    select from_at, position, status, cause_position
    from dossier.servers open
    where open.lane = episode.lane and open.server_id = episode.server_id
        and (open.from_at, open.position) > (episode.from_at, episode.position) and open.from_at < $2
        and (open.status = 'active' or open.status = 'absent')
        and ($9::bigint[] is null or not exists (
            select from late where late.lane = episode.lane and late.server_id = episode.server_id))
    union all
    select from_at, position, status, cause_position
    from late
    where late.lane = episode.lane and late.server_id = episode.server_id
        and (late.from_at, late.position) > (episode.from_at, episode.position) and late.from_at < $2
        and (late.status = 'active' or late.status = 'absent')
    order by from_at, position
    limit 1
) next on true
left join dossier.entries cause on cause.lane = episode.lane and cause.position = next.cause_position
where episode.from_at >= $1 and episode.from_at < $2
    and ($6::text is null or episode.host = $6) and ($7::text is null or episode.project_id = $7)
    and ($8::text is null or episode.share_network_id = $8)
order by group_name nulls last, age_us
