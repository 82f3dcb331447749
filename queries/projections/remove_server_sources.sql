-- Empties a lane of the table server_sources, for a rebuild.
-- $1 lane smallint
-- returns: nothing
delete from dossier.server_sources where lane = $1
