-- The key under which secrets are replaced by HMACs.
-- returns: one
--   key bytea
select key from dossier.redaction_key
