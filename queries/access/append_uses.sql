-- Notes when tokens were last used; a time before the one that is known changes nothing.
-- $1 token_ids text[]
-- $2 used_at timestamptz[]  of each
-- returns: nothing
insert into dossier.token_uses as known (token_id, used_at)
select token_id, used_at from unnest($1::text[], $2::timestamptz[]) as used (token_id, used_at)
on conflict (token_id) do update set used_at = excluded.used_at where excluded.used_at > known.used_at
