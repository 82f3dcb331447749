-- Takes the right to rebuild a projection, until the session ends; false where another session has it.
-- $1 projection text
-- returns: one
--   is_taken boolean
select pg_try_advisory_lock(hashtext('dossier.rebuild'), hashtext($1)) as is_taken
