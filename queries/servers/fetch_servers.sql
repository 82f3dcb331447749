-- The servers as they are now, those gone included; only those whose status has been seen.
-- $1 after_lane smallint?  keyset: the last row of the page before
-- $2 after_server_id uuid?
-- $3 status text?
-- $4 status_class text?  serving, failed, transitional, other, absent
-- $5 host text?
-- $6 project_id text?
-- $7 share_network_id text?
-- $8 limit integer  rows
-- returns: many
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
-- order: lane, server_id ascending
-- limit: $8
select server.lane, server.server_id, server.status, server.from_at, server.not_before, server.position,
    server.cause_position, server.attributes::json as attributes, server.first_seen_at, server.last_seen_at,
    dossier.summary(call) as last_call, dossier.summary(error) as last_error, dossier.summary(cause) as cause
from (
    select * from dossier.servers server
    where server.status is not null
        and ($1::smallint is null or (server.lane, server.server_id) > ($1, $2::uuid))
        and ($3::text is null or server.status = $3)
        and ($4::text is null or dossier.status_class(server.status) = $4)
        and ($5::text is null or server.host = $5)
        and ($6::text is null or server.project_id = $6)
        and ($7::text is null or server.share_network_id = $7)
    order by server.lane, server.server_id
    limit $8
) server
left join dossier.entries call on call.lane = server.lane and call.position = server.last_call_position
left join dossier.entries error on error.lane = server.lane and error.position = server.last_error_position
left join dossier.entries cause on cause.lane = server.lane and cause.position = server.cause_position
order by server.lane, server.server_id
