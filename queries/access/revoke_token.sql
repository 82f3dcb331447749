-- Takes a token back for good. One that was taken back before stays so since then.
-- $1 id text
-- returns: optional
--   revoked_at timestamptz
update dossier.tokens set revoked_at = coalesce(revoked_at, clock_timestamp()) where id = $1 returning revoked_at
