-- Begins a projection in a lane at position 0, unless it has begun.
-- $1 projection text
-- $2 lane smallint
-- $3 version integer
-- returns: nothing
insert into dossier.projections (projection, lane, version, position) values ($1, $2, $3, 0)
on conflict (projection, lane) do nothing
