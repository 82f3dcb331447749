-- Who may ask the API: tokens, of which nothing is kept that lets anybody in.

-- secret_hash is SHA-256 of a random secret of 256 bits: nothing slower is needed against guessing. projects: those that
-- its holder sees; null: all. Made and revoked by whoever owns the schema; the service only looks them up.
create table dossier.tokens (
    id          text primary key check (id ~ '^[0-9a-f]{16}$'),
    name        text not null check (name <> ''),
    role        text not null check (role in ('ingest', 'read', 'admin')),
    projects    text[] check (projects is null or (cardinality(projects) > 0 and role = 'read')),
    secret_hash bytea not null check (octet_length(secret_hash) = 32),
    created_at  timestamptz not null default clock_timestamp(),
    expires_at  timestamptz,
    revoked_at  timestamptz
);

-- When each token was last used: apart, so that whoever writes this can change no token.
create table dossier.token_uses (
    token_id text primary key,
    used_at  timestamptz not null
);

grant select on dossier.tokens to dossier_writer;
grant select, insert, update on dossier.token_uses to dossier_writer;
