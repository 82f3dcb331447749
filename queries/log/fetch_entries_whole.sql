-- Everything that is stored of the entries of a lane, its keys included, for verification.
-- $1 lane smallint
-- $2 from bigint  position, inclusive
-- $3 until bigint  position, exclusive
-- returns: many
--   position bigint
--   occurred_at timestamptz
--   recorded_at timestamptz
--   server_id uuid?
--   http_status integer?
--   type text
--   operation text?
--   status text?
--   request_id text?
--   actor_user_id text?
--   project_id text?
--   host text?
--   leaf_hash bytea
--   body bytea
-- order: position ascending
-- limit: $3 - $2
select position, occurred_at, recorded_at, server_id, http_status, type, operation, status, request_id,
    actor_user_id, project_id, host, leaf_hash, convert_to(body, 'UTF8') as body
from dossier.entries
where lane = $1 and position >= $2 and position < $3
order by position
