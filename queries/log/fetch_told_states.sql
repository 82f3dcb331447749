-- The states that others than one source told of servers, within a range of positions.
-- $1 lane smallint
-- $2 from bigint  position, inclusive
-- $3 until bigint  position, exclusive
-- $4 source text  left out
-- returns: many
--   position bigint
--   server_id uuid
--   occurred_at timestamptz
--   status text
-- order: position ascending
-- limit: $3 - $2
select position, server_id, occurred_at, status
from dossier.entries
where lane = $1 and position >= $2 and position < $3 and type = 'org.openstack.manila.share_server.status'
    and server_id is not null and status is not null and (body::json ->> 'source') <> $4
order by position
