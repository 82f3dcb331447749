-- Keeps everybody who answers from projections waiting, for the rest of the transaction.
-- returns: one
--   is_taken boolean
select dossier.lock_projections() as is_taken
