-- The servers that are there, as the projections have them: all, or those whose status some sources told.
-- $1 sources text[]?
-- $2 after_lane smallint?  keyset: the last row of the page before
-- $3 after_server_id uuid?
-- $4 limit integer  rows
-- returns: many
--   lane smallint
--   server_id uuid
--   status text?
--   from_at timestamptz?
--   last_seen_at timestamptz?
--   attributes json
-- order: lane, server_id ascending
-- limit: $4
select server.lane, server.server_id, server.status, server.from_at, server.last_seen_at,
    server.attributes::json as attributes
from dossier.servers server
left join dossier.server_sources told on told.lane = server.lane and told.server_id = server.server_id
where server.status <> 'absent'
    and ($1::text[] is null or told.sources && $1)
    and ($2::smallint is null or (server.lane, server.server_id) > ($2, $3::uuid))
order by server.lane, server.server_id
limit $4
