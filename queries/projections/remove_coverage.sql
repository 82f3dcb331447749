-- Empties a lane of the table coverage, for a rebuild.
-- $1 lane smallint
-- returns: nothing
delete from dossier.coverage where lane = $1
