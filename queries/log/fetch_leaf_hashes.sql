-- The leaf hashes of some of a lane's entries.
-- $1 lane smallint
-- $2 positions bigint[]  a few thousand
-- returns: many
--   position bigint
--   leaf_hash bytea
-- order: position ascending
-- limit: none; one row a position
select position, leaf_hash from dossier.leaf_hashes($1, $2) order by position
