-- Empties a lane of the table call_stats, for a rebuild.
-- $1 lane smallint
-- returns: nothing
delete from dossier.call_stats where lane = $1
