-- One server as it was at a moment; no row where it had not been seen by then.
-- $1 lane smallint
-- $2 server_id uuid
-- $3 at timestamptz
-- returns: optional
--   lane smallint
--   server_id uuid
--   status text
--   from_at timestamptz
--   not_before timestamptz?
--   position bigint
--   cause_position bigint?
--   until_at timestamptz?
--   attributes json
--   cause json?
select server.lane, server.server_id, server.status, server.from_at, server.not_before, server.position,
    server.cause_position, server.until_at,
    (select dossier.merge((entry.body::jsonb -> 'data') - 'not_before' order by entry.occurred_at, entry.position)::json
     from dossier.entries entry
     where entry.lane = server.lane and entry.server_id = server.server_id and entry.occurred_at <= $3
        and entry.type = 'org.openstack.manila.share_server.status') as attributes,
    dossier.summary(cause) as cause
from (
    select lane, server_id, status, from_at, not_before, position, cause_position, until_at
    from dossier.status_intervals
    where lane = $1 and server_id = $2 and from_at <= $3 and until_at > $3
    union all
    select lane, server_id, status, from_at, not_before, position, cause_position, null
    from dossier.servers
    where lane = $1 and server_id = $2 and from_at <= $3
) server
left join dossier.entries cause on cause.lane = server.lane and cause.position = server.cause_position
order by server.from_at desc, server.position desc
limit 1
