-- Calls in a window that Manila accepted though it refuses them in the status in which the server was last seen. That is
-- certain where the same status was seen again later. Where the status was reset since it was seen, nothing is known of it.
-- $1 from timestamptz  inclusive
-- $2 until timestamptz  exclusive
-- $3 lane smallint?  with $4: only this server
-- $4 server_id uuid?
-- $5 host text?  only there
-- $6 project_id text?  the server's
-- $7 after_at timestamptz?  keyset: the last row of the page before
-- $8 after_lane smallint?
-- $9 after_position bigint?
-- $10 limit integer  rows
-- $11 known bigint[]?  as of these positions, one a lane; null: all there is
-- returns: many
--   lane smallint
--   position bigint
--   at timestamptz
--   server_id uuid
--   status text
--   is_certain boolean
--   host text?
--   project_id text?
--   call json
-- order: at, lane, position ascending
-- limit: $10
with allowed (operation, status) as (
    -- Source: Manila 23, manila/api/v2/share_servers.py and manila/share/api.py.
    values ('delete', 'active'), ('delete', 'error'), ('unmanage', 'active'), ('unmanage', 'error'),
        ('unmanage', 'manage_error'), ('unmanage', 'unmanage_error'), ('migration_start', 'active'),
        ('migration_complete', 'server_migrating'), ('migration_cancel', 'server_migrating')
), visit as (
    select *, lead(not_before) over (partition by lane, server_id order by from_at, position) as seen_until_at
    from dossier.visits($1, $2, $3, $4, $11) visit
    -- What was gone before is asked for nothing.
    where visit.status <> 'absent' or visit.until_at is not null or visit.from_at >= $1
)
select entry.lane, entry.position, entry.occurred_at as at, entry.server_id, visit.status,
    coalesce(visit.seen_until_at, case when $11::bigint[] is null then server.last_seen_at else (
        select max(sighting.occurred_at) from dossier.entries sighting
        where sighting.lane = visit.lane and sighting.server_id = visit.server_id
            and sighting.position < bound.known and sighting.status is not null
            and sighting.type = 'org.openstack.manila.share_server.status') end) >= entry.occurred_at as is_certain,
    visit.host, visit.project_id, dossier.summary(entry) as call
from visit
join dossier.servers server on server.lane = visit.lane and server.server_id = visit.server_id
cross join lateral (select coalesce(($11::bigint[])[visit.lane + 1], 9223372036854775807) as known) bound
join dossier.entries entry on entry.lane = visit.lane and entry.server_id = visit.server_id
    and entry.occurred_at >= greatest(visit.from_at, $1) and entry.occurred_at < least(visit.until_at, $2)
    and entry.position < bound.known
where entry.http_status between 200 and 299
    and entry.operation in ('delete', 'unmanage', 'migration_start', 'migration_complete', 'migration_cancel')
    and (entry.operation, visit.status) not in (select operation, status from allowed)
    and not exists (
        select from dossier.entries reset
        where reset.lane = entry.lane and reset.server_id = entry.server_id
            and (reset.occurred_at, reset.position) < (entry.occurred_at, entry.position)
            and reset.position < bound.known and reset.operation = 'reset_status' and reset.http_status between 200 and 299
            and reset.occurred_at >= (
                select max(sighting.occurred_at) from dossier.entries sighting
                where sighting.lane = entry.lane and sighting.server_id = entry.server_id
                    and sighting.occurred_at <= entry.occurred_at and sighting.position < bound.known
                    and sighting.status is not null
                    and sighting.type = 'org.openstack.manila.share_server.status'))
    and dossier.is_counted(entry.lane, entry.position, entry.request_id, bound.known)
    and ($5::text is null or visit.host = $5) and ($6::text is null or visit.project_id = $6)
    and ($7::timestamptz is null
        or (entry.occurred_at, entry.lane, entry.position) > ($7, $8::smallint, $9::bigint))
order by at, lane, position
limit $10
