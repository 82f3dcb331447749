-- What a source said of servers, each within a time of its own: the latest of their states and back-end details.
-- $1 lane smallint
-- $2 server_ids uuid[]
-- $3 since timestamptz[]  inclusive, one for each server
-- $4 until timestamptz[]  exclusive, one for each server
-- $5 source text
-- $6 latest integer  rows of a server
-- returns: many
--   server_id uuid
--   occurred_at timestamptz
--   type text
--   data json?
-- order: server_id, occurred_at, position ascending
-- limit: $6 rows for each server that is asked for
select noted.server_id, noted.occurred_at, noted.type, noted.data
from unnest($2::uuid[], $3::timestamptz[], $4::timestamptz[]) as wanted (server_id, since, until)
cross join lateral (
    select entry.server_id, entry.occurred_at, entry.position, entry.type, (entry.body::json -> 'data') as data
    from dossier.entries entry
    where entry.lane = $1 and entry.server_id = wanted.server_id
        and entry.occurred_at >= wanted.since and entry.occurred_at < wanted.until
        and entry.type in ('org.openstack.manila.share_server.status',
                           'org.openstack.manila.share_server.backend_details')
        and (entry.body::json ->> 'source') = $5
    order by entry.occurred_at desc, entry.position desc
    limit $6
) noted
order by noted.server_id, noted.occurred_at, noted.position
