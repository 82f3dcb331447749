-- The last sign of life of every source that ever said that it was watching, and whether it said that it stopped.
-- returns: many
--   source text
--   until_at timestamptz
--   has_stopped boolean
-- order: source ascending
-- limit: none; one row a source
select distinct on (source) source, until_at, has_stopped
from dossier.coverage
where state = 'watching'
order by source, until_at desc, until_position desc
