-- Empties a lane of the table error_episodes, for a rebuild.
-- $1 lane smallint
-- returns: nothing
delete from dossier.error_episodes where lane = $1
