-- Whether a token was ever made.
-- returns: one
--   exist boolean
select exists (select from dossier.tokens) as exist
