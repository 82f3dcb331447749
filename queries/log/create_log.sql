-- Fixes the number of lanes and makes the heads and first partitions; false where the log existed before.
-- $1 lanes smallint  1...1024
-- $2 partition_entries bigint  entries a partition holds
-- returns: one
--   created boolean
select dossier.create_log($1, $2) as created
