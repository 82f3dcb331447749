-- The leaf hashes of some of a lane's entries, by ranges of their positions.
-- $1 lane smallint
-- $2 from bigint[]  position, inclusive
-- $3 until bigint[]  position, exclusive, one for each
-- returns: many
--   position bigint
--   leaf_hash bytea
-- order: position ascending
-- limit: none; as many as the ranges hold
select entry.position, entry.leaf_hash
from unnest($2::bigint[], $3::bigint[]) as wanted (from_position, until_position)
cross join lateral (
    select position, leaf_hash from dossier.entries
    where lane = $1 and position >= wanted.from_position and position < wanted.until_position
) entry
order by entry.position
