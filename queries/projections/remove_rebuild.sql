-- Forgets a rebuild that was not finished.
-- $1 projection text
-- returns: one
--   removed integer
select dossier.remove_rebuild($1) as removed
