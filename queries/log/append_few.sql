-- Appends a few entries with their keys, all in one statement that commits by itself: where the head of the lane is as
-- it was when this writer last moved it, and none of them is known. Else nothing is done and no row is returned.
-- The head is locked before it is compared: what another writer has committed by then makes it another.
-- $1 lane smallint
-- $2 former_size bigint  the head as it has to be: its size, …
-- $3 former_frontier bytea
-- $4 former_recorded_at timestamptz
-- $5 frontier bytea  the head as it becomes
-- $6 root bytea
-- $7 recorded_at timestamptz
-- $8 occurred_at timestamptz[]  of each entry, and so on
-- $9 server_ids uuid?[]
-- $10 http_statuses integer?[]
-- $11 types text[]
-- $12 operations text?[]
-- $13 statuses text?[]
-- $14 request_ids text?[]
-- $15 actor_user_ids text?[]
-- $16 project_ids text?[]
-- $17 hosts text?[]
-- $18 leaf_hashes bytea[]
-- $19 bodies text[]
-- $20 event_keys uuid[]
-- $21 content_hashes bytea[]
-- $22 levels smallint[]  of each subtree that becomes complete
-- $23 indexes bigint[]
-- $24 hashes bytea[]
-- returns: optional
--   notified boolean
with head as materialized (
    select size, frontier, recorded_at from dossier.log_heads where lane = $1 for update
), former as materialized (
    select size
    from head
    where size = $2 and frontier = $3 and recorded_at = $4
        and not exists (select from dossier.event_keys where event_key = any ($20))
), entered as (
    insert into dossier.log_entries (lane, position, occurred_at, recorded_at, server_id, http_status, type, operation,
        status, request_id, actor_user_id, project_id, host, leaf_hash, body)
    select $1, former.size + new.number - 1, new.occurred_at, $7, new.server_id, new.http_status, new.type,
        new.operation, new.status, new.request_id, new.actor_user_id, new.project_id, new.host, new.leaf_hash, new.body
    from former, unnest($8::timestamptz[], $9::uuid[], $10::integer[], $11::text[], $12::text[], $13::text[],
        $14::text[], $15::text[], $16::text[], $17::text[], $18::bytea[], $19::text[]) with ordinality
        as new (occurred_at, server_id, http_status, type, operation, status, request_id, actor_user_id, project_id,
            host, leaf_hash, body, number)
), keyed as (
    insert into dossier.event_keys (event_key, lane, position, content_hash)
    select new.event_key, $1, former.size + new.number - 1, new.content_hash
    from former, unnest($20::uuid[], $21::bytea[]) with ordinality as new (event_key, content_hash, number)
), grown as (
    insert into dossier.subtrees (lane, level, index, hash)
    select $1, new.level, new.index, new.hash
    from former, unnest($22::smallint[], $23::bigint[], $24::bytea[]) as new (level, index, hash)
), moved as (
    update dossier.log_heads as moving
    set size = former.size + cardinality($19), frontier = $5, root = $6, recorded_at = $7
    from former
    where moving.lane = $1
    returning moving.lane
)
select pg_notify('dossier_log', lane::text) is not null as notified from moved
