-- A checkpoint that was signed.
-- $1 lane smallint
-- $2 size bigint  entries
-- $3 root bytea
-- $4 note text
-- returns: nothing
insert into dossier.checkpoints (lane, size, root, note) values ($1, $2, $3, $4)
