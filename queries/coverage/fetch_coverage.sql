-- When each source was watching, and the gaps that it found, where they overlap a window.
-- $1 from timestamptz?  inclusive
-- $2 until timestamptz?  exclusive
-- $3 source text?
-- $4 after_source text?  keyset: the last row of the page before
-- $5 after_at timestamptz?
-- $6 after_position bigint?
-- $7 limit integer  rows
-- $8 known bigint[]?  as of these positions, one a lane; null: all there is
-- returns: many
--   source text
--   state text
--   from_at timestamptz
--   until_at timestamptz
--   has_stopped boolean
--   lane smallint
--   position bigint
--   until_position bigint
-- order: source, from_at, position ascending
-- limit: $7
select source, state, from_at, until_at, has_stopped, lane, position, until_position
from dossier.known_coverage($8)
where ($1::timestamptz is null or until_at > $1 or from_at >= $1) and ($2::timestamptz is null or from_at < $2)
    and ($3::text is null or source = $3)
    and ($4::text is null or (source, from_at, position) > ($4, $5::timestamptz, $6::bigint))
order by source, from_at, position
limit $7
