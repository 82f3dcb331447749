-- The servers that one back-end server has been, the one that is asked about among them: unmanaged and managed again, it
-- has a new id and names the former in its identifier.
-- $1 lane smallint
-- $2 server_id uuid
-- $3 known bigint[]?  as of these positions, one a lane; null: all there is
-- $4 limit integer  rows
-- returns: many
--   lane smallint
--   server_id uuid
--   identifier text?
--   first_seen_at timestamptz?
--   status text?
--   from_at timestamptz?
-- order: first_seen_at nulls last, lane, server_id ascending
-- limit: $4
select chain.lane, chain.server_id, chain.identifier, life.first_seen_at, life.status, life.from_at
from dossier.chain($1, $2, $3) chain
cross join lateral (
    select min(from_at) as first_seen_at, (array_agg(status order by from_at desc, position desc))[1] as status,
        max(from_at) as from_at
    from dossier.visits('-infinity', 'infinity', chain.lane, chain.server_id, $3)
) life
order by first_seen_at nulls last, lane, server_id
limit $4
