-- Takes the right to tell what a source saw, until the session ends; false where another session has it.
-- $1 source text
-- returns: one
--   is_taken boolean
select pg_try_advisory_lock(hashtext('dossier.source'), hashtext($1)) as is_taken
