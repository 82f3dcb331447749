-- The recorded hashes of a lane's complete subtrees.
-- $1 lane smallint
-- returns: many
--   level smallint
--   index bigint
--   hash bytea
-- order: level, index ascending
-- limit: none; one row for 256 entries and fewer
select level, index, hash from dossier.subtrees where lane = $1 order by level, index
