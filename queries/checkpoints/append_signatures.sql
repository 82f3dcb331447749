-- Later signatures of a checkpoint; those of whom has signed it before are left out.
-- $1 lane smallint
-- $2 size bigint  entries
-- $3 signers text[]  name+id
-- $4 lines text[]
-- returns: nothing
insert into dossier.checkpoint_signatures (lane, size, signer, line)
select $1, $2, signer, line from unnest($3::text[], $4::text[]) as new (signer, line)
on conflict do nothing
