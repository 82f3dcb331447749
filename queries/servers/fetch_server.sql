-- One server as it is now; a server that no event has named has no row.
-- $1 lane smallint
-- $2 server_id uuid
-- returns: optional
--   lane smallint
--   server_id uuid
--   status text?
--   from_at timestamptz?
--   not_before timestamptz?
--   position bigint?
--   cause_position bigint?
--   attributes json
--   first_seen_at timestamptz?
--   last_seen_at timestamptz?
--   last_call json?
--   last_error json?
--   cause json?
select server.lane, server.server_id, server.status, server.from_at, server.not_before, server.position,
    server.cause_position, server.attributes::json as attributes, server.first_seen_at, server.last_seen_at,
    dossier.summary(call) as last_call, dossier.summary(error) as last_error, dossier.summary(cause) as cause
from dossier.servers server
left join dossier.entries call on call.lane = server.lane and call.position = server.last_call_position
left join dossier.entries error on error.lane = server.lane and error.position = server.last_error_position
left join dossier.entries cause on cause.lane = server.lane and cause.position = server.cause_position
where server.lane = $1 and server.server_id = $2
