-- Puts rebuilt tables, and how far they have come, in the place of those that answer.
-- $1 projection text
-- returns: one
--   swapped integer
select dossier.swap_rebuild($1) as swapped
