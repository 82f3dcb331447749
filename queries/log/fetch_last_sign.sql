-- The last sign of life of a source: what it last told of its watching.
-- $1 lane smallint
-- $2 source text
-- returns: optional
--   occurred_at timestamptz
--   state text?
select entry.occurred_at, entry.body::json -> 'data' ->> 'state' as state
from dossier.entries entry
where entry.lane = $1 and entry.type = 'org.dossier.source.coverage' and entry.body::json ->> 'source' = $2
    and entry.body::json -> 'data' ->> 'state' in ('started', 'alive', 'stopped', 'gap')
order by entry.occurred_at desc, entry.position desc
limit 1
