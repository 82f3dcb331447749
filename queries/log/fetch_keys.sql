-- Which of these events are in the log already, and where.
-- $1 event_keys uuid[]  up to 10,000
-- returns: many
--   event_key uuid
--   lane smallint
--   position bigint
--   content_hash bytea
-- order: none
-- limit: one row for each key and lane that has it
select event_key, lane, position, content_hash from dossier.event_keys where event_key = any ($1)
