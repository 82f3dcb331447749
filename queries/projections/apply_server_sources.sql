-- Notes which sources told the status of a server.
-- $1 lane smallint
-- $2 from bigint  position, inclusive
-- $3 until bigint  position, exclusive
-- returns: nothing
insert into server_sources as known (lane, server_id, sources)
select $1, entry.server_id, array_agg(distinct told.source order by told.source)
from dossier.entries entry
cross join lateral (
    -- Read once (offset 0).
    select entry.body::json ->> 'source' as source offset 0
) told
where entry.lane = $1 and entry.position >= $2 and entry.position < $3 and entry.server_id is not null
    and entry.type = 'org.openstack.manila.share_server.status'
group by entry.server_id
on conflict (lane, server_id) do update
set sources = (
    select array_agg(distinct source order by source) from unnest(known.sources || excluded.sources) as each (source))
where not known.sources @> excluded.sources
