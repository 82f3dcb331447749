-- Moves a locked checkpoint.
-- $1 projection text
-- $2 lane smallint
-- $3 version integer
-- $4 position bigint  the first entry not applied
-- returns: nothing
update dossier.projections set version = $3, position = $4, applied_at = clock_timestamp()
where projection = $1 and lane = $2
