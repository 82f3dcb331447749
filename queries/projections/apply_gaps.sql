-- Applies the gaps that sources found in their own watching.
-- $1 lane smallint
-- $2 from bigint  position, inclusive
-- $3 until bigint  position, exclusive
-- returns: nothing
insert into coverage (lane, source, state, from_at, position, until_at, until_position, has_stopped)
select entry.lane, entry.body::json ->> 'source', 'gap', (entry.body::json -> 'data' ->> 'from')::timestamptz,
    entry.position, (entry.body::json -> 'data' ->> 'until')::timestamptz, entry.position, false
from dossier.entries entry
where entry.lane = $1 and entry.position >= $2 and entry.position < $3
    and entry.type = 'org.dossier.source.coverage' and entry.body::json -> 'data' ->> 'state' = 'gap'
on conflict do nothing
