-- Whether any migration has been applied to this database.
-- returns: one
--   exist boolean
select to_regclass('dossier.migrations') is not null as exist
