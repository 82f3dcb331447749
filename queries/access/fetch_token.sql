-- What is known of a token.
-- $1 id text
-- returns: optional
--   name text
--   role text
--   projects text[]?
--   secret_hash bytea
--   expires_at timestamptz?
--   is_revoked boolean
select name, role, projects, secret_hash, expires_at, revoked_at is not null as is_revoked
from dossier.tokens
where id = $1
