-- Records that a migration was applied.
-- $1 number integer
-- $2 name text
-- $3 checksum bytea  SHA-256 of the migration's SQL
-- returns: nothing
insert into dossier.migrations (number, name, checksum) values ($1, $2, $3)
