-- The migrations applied, with the checksums recorded then.
-- returns: many
--   number integer
--   name text
--   checksum bytea
--   applied_at timestamptz
-- order: number ascending
-- limit: none; one row a migration
select number, name, checksum, applied_at from dossier.migrations order by number
