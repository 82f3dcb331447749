-- Waits until no other session of this database is migrating; held to the end of the transaction.
-- returns: one
--   locked boolean
select pg_advisory_xact_lock(hashtext('dossier.migrations')) is not null as locked
