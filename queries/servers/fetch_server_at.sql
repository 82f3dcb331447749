-- One server as it was at a moment; no row where it had not been seen by then.
-- $1 lane smallint
-- $2 server_id uuid
-- $3 at timestamptz
-- $4 known bigint[]?  as of these positions, one a lane; null: all there is
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
        and ($4 is null or entry.position < $4[$1 + 1])
        and entry.type = 'org.openstack.manila.share_server.status') as attributes,
    dossier.summary(cause) as cause
from (
    select lane, server_id, status, from_at, not_before, position, cause_position, until_at
    from dossier.visits($3::timestamptz, $3::timestamptz + interval '1 microsecond', $1, $2, $4)
    where until_at is null or until_at > $3
) server
left join dossier.entries cause on cause.lane = server.lane and cause.position = server.cause_position
order by server.from_at desc, server.position desc
limit 1
