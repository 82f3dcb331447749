-- Notes which sources told the status of a server.
-- $1 lane smallint
-- $2 from bigint  position, inclusive
-- $3 until bigint  position, exclusive
-- returns: nothing
insert into server_sources (lane, server_id, source)
select distinct entry.lane, entry.server_id, entry.body::json ->> 'source'
from dossier.entries entry
where entry.lane = $1 and entry.position >= $2 and entry.position < $3 and entry.server_id is not null
    and entry.type = 'org.openstack.manila.share_server.status'
on conflict do nothing
