-- The head of one lane.
-- $1 lane smallint
-- returns: optional
--   size bigint
--   root bytea
select size, root from dossier.log_heads where lane = $1
