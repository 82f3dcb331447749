-- What was fixed when the log was created; no row before that.
-- returns: optional
--   lanes smallint
--   partition_entries bigint
--   created_at timestamptz
select lanes, partition_entries, created_at from dossier.log_settings
