-- The servers whose status changed in a window: as they were before it and at its end, the changes, and the calls that
-- asked for any.
-- $1 from timestamptz  inclusive
-- $2 until timestamptz  exclusive
-- $3 known bigint[]?  as of these positions, one a lane; null: all there is
-- $4 host text?  only those that were there; so the two below
-- $5 project_id text?
-- $6 share_network_id text?
-- $7 after_lane smallint?  keyset: the last row of the page before
-- $8 after_server_id uuid?
-- $9 limit integer  rows
-- returns: many
--   lane smallint
--   server_id uuid
--   before_status text?
--   after_status text
--   before_attributes json?
--   after_attributes json?
--   changes json
--   calls json?
-- order: lane, server_id ascending
-- limit: $9
with every as materialized (
    select * from dossier.visits($1, $2, null, null, $3) visit where visit.status <> 'absent' or visit.until_at is not null
        or visit.from_at >= $1
), changed as materialized (
    select lane, server_id
    from every
    where from_at >= $1 and ($4::text is null or host = $4) and ($5::text is null or project_id = $5)
        and ($6::text is null or share_network_id = $6)
        and ($7::smallint is null or (lane, server_id) > ($7, $8::uuid))
    group by lane, server_id
    order by lane, server_id
    limit $9
), visit as materialized (
    select every.* from every join changed on changed.lane = every.lane and changed.server_id = every.server_id
)
select changed.lane, changed.server_id, before.status as before_status, after.status as after_status,
    (select dossier.merge((entry.body::jsonb -> 'data') - 'not_before' order by entry.occurred_at, entry.position)::json
     from dossier.entries entry
     where entry.lane = changed.lane and entry.server_id = changed.server_id and entry.occurred_at < $1
        and ($3 is null or entry.position < $3[changed.lane + 1])
        and entry.type = 'org.openstack.manila.share_server.status'
     having count(*) > 0) as before_attributes,
    (select dossier.merge((entry.body::jsonb -> 'data') - 'not_before' order by entry.occurred_at, entry.position)::json
     from dossier.entries entry
     where entry.lane = changed.lane and entry.server_id = changed.server_id and entry.occurred_at < $2
        and ($3 is null or entry.position < $3[changed.lane + 1])
        and entry.type = 'org.openstack.manila.share_server.status') as after_attributes,
    (select json_agg(json_build_object(
            'at', to_char(visit.from_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'status', visit.status,
            'position', visit.position, 'cause', dossier.summary(cause)) order by visit.from_at, visit.position)
     from visit
     left join dossier.entries cause on cause.lane = visit.lane and cause.position = visit.cause_position
     where visit.lane = changed.lane and visit.server_id = changed.server_id and visit.from_at >= $1) as changes,
    (select json_agg(dossier.summary(entry) order by entry.occurred_at, entry.position)
     from dossier.entries entry
     where entry.lane = changed.lane and entry.server_id = changed.server_id and entry.occurred_at >= $1
        and entry.occurred_at < $2 and ($3 is null or entry.position < $3[changed.lane + 1])
        and entry.operation in ('delete', 'manage', 'unmanage', 'reset_status', 'reset_task_state', 'migration_start',
                                'migration_complete', 'migration_cancel')
        and dossier.is_counted(entry.lane, entry.position, entry.request_id,
                               coalesce($3[changed.lane + 1], 9223372036854775807))) as calls
from changed
left join lateral (
    select status from visit
    where visit.lane = changed.lane and visit.server_id = changed.server_id and visit.from_at < $1
    order by from_at desc, position desc
    limit 1
) before on true
cross join lateral (
    select status from visit
    where visit.lane = changed.lane and visit.server_id = changed.server_id
    order by from_at desc, position desc
    limit 1
) after
order by lane, server_id
