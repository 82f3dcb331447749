-- The recorded hashes of some of a lane's complete subtrees, by ranges of their indexes.
-- $1 lane smallint
-- $2 levels smallint[]
-- $3 from bigint[]  index, inclusive, one for each level
-- $4 until bigint[]  index, exclusive, one for each level
-- returns: many
--   level smallint
--   index bigint
--   hash bytea
-- order: level, index ascending
-- limit: none; as many as the ranges hold
select subtree.level, subtree.index, subtree.hash
from unnest($2::smallint[], $3::bigint[], $4::bigint[]) as wanted (level, from_index, until_index)
cross join lateral (
    -- The limit keeps it to the index: how wide a range is, the planner cannot know.
    select level, index, hash from dossier.subtrees
    where lane = $1 and level = wanted.level and index >= wanted.from_index and index < wanted.until_index
    order by level, index
    limit wanted.until_index - wanted.from_index
) subtree
order by subtree.level, subtree.index
