-- Makes partitions until every position below $1 has one; answers the first position that has none.
-- $1 until bigint  position
-- returns: one
--   until bigint
select dossier.create_partitions($1) as until
