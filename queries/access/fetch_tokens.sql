-- Every token that was ever made, those that let nobody in any more included.
-- returns: many
--   id text
--   name text
--   role text
--   projects text[]?
--   created_at timestamptz
--   expires_at timestamptz?
--   revoked_at timestamptz?
--   used_at timestamptz?
-- order: created_at, id ascending
-- limit: none; they are made by hand
select token.id, token.name, token.role, token.projects, token.created_at, token.expires_at, token.revoked_at,
    used.used_at
from dossier.tokens token
left join dossier.token_uses used on used.token_id = token.id
order by created_at, id
