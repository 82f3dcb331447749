-- The servers as they were at a moment; those seen by then, those gone by then included.
-- $1 after_lane smallint?  keyset: the last row of the page before
-- $2 after_server_id uuid?
-- $3 status text?
-- $4 status_class text?  serving, failed, transitional, other, absent
-- $5 host text?  as it was at the moment, like the two below
-- $6 project_id text?
-- $7 share_network_id text?
-- $8 at timestamptz
-- $9 known bigint[]?  as of these positions, one a lane; null: all there is
-- $10 limit integer  rows
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
-- limit: $10
select server.lane, server.server_id, server.status, server.from_at, server.not_before, server.position,
    server.cause_position, server.until_at,
    (select dossier.merge((entry.body::jsonb -> 'data') - 'not_before' order by entry.occurred_at, entry.position)::json
     from dossier.entries entry
     where entry.lane = server.lane and entry.server_id = server.server_id and entry.occurred_at <= $8
        and ($9 is null or entry.position < $9[server.lane + 1])
        and entry.type = 'org.openstack.manila.share_server.status') as attributes,
    dossier.summary(cause) as cause
from (
    select server.*
    from (
        select lane, server_id, status, from_at, not_before, position, cause_position, until_at
        from dossier.visits($8::timestamptz, $8::timestamptz + interval '1 microsecond', null, null, $9)
        where until_at is null or until_at > $8
    ) server
    where ($1::smallint is null or (server.lane, server.server_id) > ($1, $2::uuid))
        and ($3::text is null or server.status = $3)
        and ($4::text is null or dossier.status_class(server.status) = $4)
        and ($5::text is null or $5 = (
            select entry.body::jsonb -> 'data' ->> 'host'
            from dossier.entries entry
            where entry.lane = server.lane and entry.server_id = server.server_id and entry.occurred_at <= $8
                and ($9 is null or entry.position < $9[server.lane + 1])
                and entry.type = 'org.openstack.manila.share_server.status' and entry.body::jsonb -> 'data' ? 'host'
            order by entry.occurred_at desc, entry.position desc
            limit 1))
        and ($6::text is null or $6 = (
            select entry.body::jsonb -> 'data' ->> 'project_id'
            from dossier.entries entry
            where entry.lane = server.lane and entry.server_id = server.server_id and entry.occurred_at <= $8
                and ($9 is null or entry.position < $9[server.lane + 1])
                and entry.type = 'org.openstack.manila.share_server.status' and entry.body::jsonb -> 'data' ? 'project_id'
            order by entry.occurred_at desc, entry.position desc
            limit 1))
        and ($7::text is null or $7 = (
            select entry.body::jsonb -> 'data' ->> 'share_network_id'
            from dossier.entries entry
            where entry.lane = server.lane and entry.server_id = server.server_id and entry.occurred_at <= $8
                and ($9 is null or entry.position < $9[server.lane + 1])
                and entry.type = 'org.openstack.manila.share_server.status' and entry.body::jsonb -> 'data' ? 'share_network_id'
            order by entry.occurred_at desc, entry.position desc
            limit 1))
    order by server.lane, server.server_id
    limit $10
) server
left join dossier.entries cause on cause.lane = server.lane and cause.position = server.cause_position
order by server.lane, server.server_id
