-- Takes the right to sign for a lane until the transaction ends; false where another process has it.
-- $1 lane smallint
-- returns: one
--   is_taken boolean
select pg_try_advisory_xact_lock(hashtext('dossier.checkpoints'), $1::smallint::integer) as is_taken
