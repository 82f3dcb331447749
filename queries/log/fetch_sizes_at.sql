-- How many entries each lane had at a moment, for whoever may see entries at all.
-- $1 at timestamptz
-- returns: many
--   lane smallint
--   size bigint
-- order: lane ascending
-- limit: none; one row a lane
select lane, size from dossier.sizes_at($1) order by lane
