-- The servers that one back-end server has been, the one that is asked about among them: unmanaged and managed again, it
-- has a new id and names the former in its identifier.
-- $1 lane smallint
-- $2 server_id uuid
-- $3 known bigint[]?  as of these positions, one a lane; null: all there is
-- $4 until timestamptz?  exclusive: gone by then
-- $5 limit integer  rows
-- returns: many
--   lane smallint
--   server_id uuid
--   identifier text?
--   first_seen_at timestamptz?
--   gone_at timestamptz?
-- order: first_seen_at nulls last, lane, server_id ascending
-- limit: $5
select chain.lane, chain.server_id, chain.identifier, first.at as first_seen_at, gone.at as gone_at
from dossier.chain($1, $2, $3) chain
left join lateral (
    select entry.occurred_at as at
    from dossier.entries entry
    where entry.lane = chain.lane and entry.server_id = chain.server_id and entry.status is not null
        and entry.type = 'org.openstack.manila.share_server.status'
        and ($3 is null or entry.position < $3[chain.lane + 1])
    order by entry.occurred_at, entry.position
    limit 1
) first on true
left join lateral (
    select entry.occurred_at as at, entry.position
    from dossier.entries entry
    where entry.lane = chain.lane and entry.server_id = chain.server_id and entry.status <> 'absent'
        and entry.type = 'org.openstack.manila.share_server.status'
        and ($4::timestamptz is null or entry.occurred_at < $4)
        and ($3 is null or entry.position < $3[chain.lane + 1])
    order by entry.occurred_at desc, entry.position desc
    limit 1
) last on true
left join lateral (
    select entry.occurred_at as at
    from dossier.entries entry
    where entry.lane = chain.lane and entry.server_id = chain.server_id and entry.status = 'absent'
        and entry.type = 'org.openstack.manila.share_server.status'
        and ($4::timestamptz is null or entry.occurred_at < $4)
        and (last.at is null or (entry.occurred_at, entry.position) > (last.at, last.position))
        and ($3 is null or entry.position < $3[chain.lane + 1])
    order by entry.occurred_at, entry.position
    limit 1
) gone on true
order by first_seen_at nulls last, lane, server_id
limit $5
