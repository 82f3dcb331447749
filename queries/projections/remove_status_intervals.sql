-- Empties a lane of the table status_intervals, for a rebuild.
-- $1 lane smallint
-- returns: nothing
delete from dossier.status_intervals where lane = $1
