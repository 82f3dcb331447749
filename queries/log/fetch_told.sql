-- What a source has told, of some types of events, within a range of positions: the latest first.
-- $1 lane smallint
-- $2 from bigint  position, inclusive
-- $3 until bigint  position, exclusive
-- $4 types text[]
-- $5 source text
-- returns: many
--   position bigint
--   body text
-- order: position descending
-- limit: $3 - $2
select position, body
from dossier.entries
where lane = $1 and position >= $2 and position < $3 and type = any ($4) and (body::json ->> 'source') = $5
order by position desc
