-- Gives the tables beside those that answer the indexes that they have, once they are filled.
-- $1 projection text
-- returns: one
--   made integer
select dossier.create_rebuild_indexes($1) as made
