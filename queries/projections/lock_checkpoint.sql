-- Takes a projection's checkpoint in a lane for the rest of the transaction; waits for whoever holds it.
-- $1 projection text
-- $2 lane smallint
-- returns: optional
--   version integer
--   position bigint
select version, position from dossier.projections where projection = $1 and lane = $2 for update
