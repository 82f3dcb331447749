-- All servers as they were at a moment, of all that is known now; those seen by then, those gone by then included. A page
-- costs what it holds, however many servers and visits there are.
-- $1 after_lane smallint?  keyset: the last row of the page before
-- $2 after_server_id uuid?
-- $3 at timestamptz
-- $4 limit integer  rows
-- returns: many
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
-- order: lane, server_id ascending
-- limit: $4
select server.lane, server.server_id, server.status, server.from_at, server.not_before, server.position,
    server.cause_position, server.until_at,
    case when server.seen_at <= $3 then server.attributes else (
        select dossier.merge((entry.body::jsonb -> 'data') - 'not_before' order by entry.occurred_at, entry.position)
        from dossier.entries entry
        where entry.lane = server.lane and entry.server_id = server.server_id and entry.occurred_at <= $3
            and entry.type = 'org.openstack.manila.share_server.status') end::json as attributes,
    dossier.summary(cause) as cause
from (
    select known.lane, known.server_id, known.attributes, known.seen_at, visit.status, visit.from_at, visit.not_before,
        visit.position, visit.cause_position, visit.until_at
    from dossier.servers known
    cross join lateral (
        -- Looked up one by one, the visit under way first: at most moments most servers are as they are now.
        select known.status, known.from_at, known.not_before, known.position, known.cause_position,
            null::timestamptz as until_at
        where known.status is not null and known.from_at <= $3
        union all
        (select closed.status, closed.from_at, closed.not_before, closed.position, closed.cause_position,
            closed.until_at
         from dossier.status_intervals closed
         where closed.lane = known.lane and closed.server_id = known.server_id and closed.from_at <= $3
            and known.from_at > $3
         order by closed.from_at desc, closed.position desc
         limit 1)
    ) visit
    where ($1::smallint is null or (known.lane, known.server_id) > ($1, $2::uuid))
        and (visit.until_at is null or visit.until_at > $3)
    order by known.lane, known.server_id
    limit $4
) server
left join dossier.entries cause on cause.lane = server.lane and cause.position = server.cause_position
order by server.lane, server.server_id
