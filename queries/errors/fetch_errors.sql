-- Error episodes that overlap a window and calls in it that failed, each once whoever told
-- it, in one order of time.
-- $1 from timestamptz  inclusive
-- $2 until timestamptz  exclusive
-- $3 kind text?  episode or call; null: both
-- $4 lane smallint?  with $5: only of this server
-- $5 server_id uuid?
-- $6 host text?  of an episode as the server was when it began, of a call as it was last seen by then, or as it names one
-- $7 project_id text?  of an episode the server's, of a call the caller's
-- $8 after_at timestamptz?  keyset: the last row of the page before
-- $9 after_lane smallint?
-- $10 after_position bigint?
-- $11 limit integer  rows
-- $12 known bigint[]?  as of these positions, one a lane; null: all there is
-- returns: many
--   kind text
--   lane smallint
--   position bigint
--   at timestamptz
--   server_id uuid?
--   status text?
--   former_status text?
--   not_before timestamptz?
--   until_at timestamptz?
--   until_status text?
--   resolution text?
--   is_asserted boolean?
--   visits integer?
--   recurrence bigint?
--   host text?
--   project_id text?
--   share_network_id text?
--   cause json?
--   remedy json?
--   call json?
-- order: at, lane, position ascending
-- limit: $11
with found as (
    (select 'episode' as kind, lane, position, from_at as at, server_id, status, former_status, not_before, until_at,
        until_status, resolution, is_asserted, visits, host, project_id, share_network_id, cause_position,
        until_cause_position
     from dossier.episodes($12, $4::smallint, $5::uuid)
     where $3::text is distinct from 'call' and from_at < $2 and (until_at is null or until_at > $1 or from_at >= $1)
        and ($6::text is null or host = $6) and ($7::text is null or project_id = $7)
        and ($8::timestamptz is null or (from_at, lane, position) > ($8, $9::smallint, $10::bigint))
     order by from_at, lane, position
     limit $11)
    union all
    (select 'call', lane, position, occurred_at, server_id, null, null, null, null, null, null, null, null, place.host,
        project_id, null, null, null
     from dossier.entries
     cross join lateral (select coalesce(($12::bigint[])[lane + 1], 9223372036854775807) as known) bound
     cross join lateral (
        select nullif(dossier.call_host(lane, server_id, occurred_at, position, entries.host, bound.known), '')
            as host
     ) place
     where $3::text is distinct from 'episode' and http_status >= 400 and occurred_at >= $1 and occurred_at < $2
        and ($5::uuid is null or (lane = $4::smallint and server_id = $5))
        and dossier.is_counted(lane, position, request_id, bound.known) and position < bound.known
        and ($6::text is null or place.host = $6) and ($7::text is null or project_id = $7)
        and ($8::timestamptz is null or (occurred_at, lane, position) > ($8, $9::smallint, $10::bigint))
     order by occurred_at, lane, position
     limit $11)
    order by at, lane, position
    limit $11
)
select found.kind, found.lane, found.position, found.at, found.server_id, found.status, found.former_status,
    found.not_before, found.until_at, found.until_status, found.resolution, found.is_asserted, found.visits,
    case found.kind when 'episode' then (
        select count(*) from dossier.episodes($12, found.lane, found.server_id) earlier
        where (earlier.from_at, earlier.position) < (found.at, found.position)) end as recurrence,
    found.host, found.project_id, found.share_network_id, dossier.summary(cause) as cause,
    dossier.summary(remedy) as remedy, case found.kind when 'call' then dossier.summary(self) end as call
from found
left join dossier.entries cause on cause.lane = found.lane and cause.position = found.cause_position
left join dossier.entries remedy on remedy.lane = found.lane and remedy.position = found.until_cause_position
left join dossier.entries self on self.lane = found.lane and self.position = found.position
order by found.at, found.lane, found.position
