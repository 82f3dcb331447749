-- The back-end details of a server as they were last shown by a moment.
-- $1 lane smallint
-- $2 server_id uuid
-- $3 at timestamptz?  null: the latest
-- returns: optional
--   position bigint
--   occurred_at timestamptz
--   details json
select entry.position, entry.occurred_at, (entry.body::json -> 'data' -> 'details') as details
from dossier.entries entry
where entry.lane = $1 and entry.server_id = $2 and entry.type = 'org.openstack.manila.share_server.backend_details'
    and ($3::timestamptz is null or entry.occurred_at <= $3)
    -- What was taken before its shape was checked has none.
    and json_typeof(entry.body::json -> 'data' -> 'details') = 'object'
order by entry.occurred_at desc, entry.position desc
limit 1
