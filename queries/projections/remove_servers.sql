-- Empties a lane of the table servers, for a rebuild.
-- $1 lane smallint
-- returns: nothing
delete from dossier.servers where lane = $1
