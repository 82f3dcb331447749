-- Empties a lane of the table server_calls, for a rebuild.
-- $1 lane smallint
-- returns: nothing
delete from dossier.server_calls where lane = $1
