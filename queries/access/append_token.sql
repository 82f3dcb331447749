-- Keeps a new token; its secret is never here.
-- $1 id text  16 hexadecimal digits
-- $2 name text
-- $3 role text  ingest, read or admin
-- $4 projects text[]?  null: all
-- $5 secret_hash bytea  SHA-256
-- $6 expires_at timestamptz?  null: never
-- returns: nothing
insert into dossier.tokens (id, name, role, projects, secret_hash, expires_at) values ($1, $2, $3, $4, $5, $6)
