-- Subtrees that have become complete.
-- $1 lane smallint
-- $2 levels smallint[]
-- $3 indexes bigint[]
-- $4 hashes bytea[]
-- returns: nothing
insert into dossier.subtrees (lane, level, index, hash)
select $1, level, index, hash from unnest($2::smallint[], $3::bigint[], $4::bytea[]) as new (level, index, hash)
