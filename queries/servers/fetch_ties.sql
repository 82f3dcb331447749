-- Whether a server may be one of several that one back-end server has been, and whether all the sources that told of it
-- say when they watch: only then is there a chain to follow, and only then are there gaps to look for.
-- $1 lane smallint
-- $2 server_id uuid
-- returns: optional
--   is_linked boolean
--   is_covered boolean
select coalesce(server.attributes ->> 'identifier', '') not in ('', server.server_id::text)
        or exists (
            select from dossier.servers other
            where other.attributes ->> 'identifier' = server.server_id::text and other.server_id <> server.server_id)
        as is_linked,
    coalesce((
        select bool_and(exists (select from dossier.coverage run where run.source = each.source))
        from dossier.server_sources told, unnest(told.sources) as each (source)
        where told.lane = server.lane and told.server_id = server.server_id), false) as is_covered
from dossier.servers server
where server.lane = $1 and server.server_id = $2
