-- Gives back the right to rebuild a projection: a session that is closed holds it until PostgreSQL has noticed.
-- $1 projection text
-- returns: one
--   is_released boolean
select pg_advisory_unlock(hashtext('dossier.rebuild'), hashtext($1)) as is_released
