-- Notes which sources told the status of a server.
-- $1 lane smallint
-- $2 from bigint  position, inclusive
-- $3 until bigint  position, exclusive
-- returns: nothing
insert into server_sources as told (lane, server_id, sources)
select $1, entry.server_id,
    array_agg(distinct entry.body::json ->> 'source' order by entry.body::json ->> 'source')
from dossier.entries entry
where entry.lane = $1 and entry.position >= $2 and entry.position < $3 and entry.server_id is not null
    and entry.type = 'org.openstack.manila.share_server.status'
group by entry.server_id
on conflict (lane, server_id) do update
set sources = (
    select array_agg(distinct source order by source) from unnest(told.sources || excluded.sources) as each (source))
where not told.sources @> excluded.sources
