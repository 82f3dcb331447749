-- Makes the tables of a projection beside those that answer, unless they are there from a rebuild that was interrupted.
-- $1 projection text
-- returns: one
--   is_new boolean
select dossier.create_rebuild($1) as is_new
