-- The entries that name a server, in the order in which they happened; a call that several sources told once, with what
-- else tells it.
-- $1 lane smallint
-- $2 server_id uuid
-- $3 from timestamptz?  inclusive
-- $4 until timestamptz?  exclusive
-- $5 after_at timestamptz?  keyset: the last row of the page before
-- $6 after_position bigint?
-- $7 reads boolean  whether calls that only read, and were answered well, are wanted too
-- $8 known bigint?  only what was appended before this position; null: all there is
-- $9 limit integer  rows
-- returns: many
--   lane smallint
--   position bigint
--   recorded_at timestamptz
--   body text
--   told_again json?
-- order: occurred_at, position ascending
-- limit: $9
select entry.lane, entry.position, entry.recorded_at, entry.body,
    case when told.is_shared
        then dossier.told_again(entry.lane, entry.position, entry.request_id, coalesce($8, 9223372036854775807))
        end as told_again
from dossier.entries entry
cross join lateral (
    -- Most calls are told once: looked up here (offset 0: once), for to call a function costs as much as all else of a row.
    select entry.type = 'org.openstack.manila.share_server.call' and entry.request_id is not null and exists (
        select from dossier.entries other
        where other.request_id = entry.request_id and other.lane = entry.lane and other.position <> entry.position)
        as is_shared
    offset 0
) told
where entry.lane = $1 and entry.server_id = $2
    and ($3::timestamptz is null or entry.occurred_at >= $3)
    and ($4::timestamptz is null or entry.occurred_at < $4)
    and ($5::timestamptz is null or (entry.occurred_at, entry.position) > ($5, $6::bigint))
    and ($7 or entry.type <> 'org.openstack.manila.share_server.call'
        or coalesce(entry.http_status, 0) not between 200 and 399
        or entry.operation not in ('list', 'show', 'details', 'migration_check', 'migration_get_progress'))
    and ($8::bigint is null or entry.position < $8)
    and (not told.is_shared
        or dossier.is_counted(entry.lane, entry.position, entry.request_id, coalesce($8, 9223372036854775807)))
order by entry.occurred_at, entry.position
limit $9
