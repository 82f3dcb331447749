-- Changes of status in a window that Manila's state machine does not allow: that no way leads from the one to the other,
-- steps that nobody saw included, and that no accepted reset_status lies between.
-- $1 from timestamptz  inclusive
-- $2 until timestamptz  exclusive
-- $3 lane smallint?  with $4: only this server
-- $4 server_id uuid?
-- $5 host text?  only there
-- $6 project_id text?
-- $7 after_at timestamptz?  keyset: the last row of the page before
-- $8 after_lane smallint?
-- $9 after_position bigint?
-- $10 limit integer  rows
-- $11 known bigint[]?  as of these positions, one a lane; null: all there is
-- returns: many
--   lane smallint
--   position bigint
--   at timestamptz
--   server_id uuid
--   former_status text
--   status text
--   is_documented boolean
--   not_before timestamptz?
--   host text?
--   project_id text?
--   cause json?
-- order: at, lane, position ascending
-- limit: $10
with recursive step (former, status) as (
    -- Source: Manila 23, manila/share/manager.py and manila/share/api.py, and the states seen of a running one.
    values ('creating', 'active'), ('creating', 'error'), ('creating', 'server_migrating_to'), ('active', 'deleting'),
        ('error', 'deleting'), ('deleting', 'absent'), ('deleting', 'error'), ('manage_starting', 'active'),
        ('manage_starting', 'manage_error'), ('active', 'unmanage_starting'), ('error', 'unmanage_starting'),
        ('manage_error', 'unmanage_starting'), ('unmanage_error', 'unmanage_starting'),
        ('unmanage_starting', 'absent'), ('unmanage_starting', 'unmanage_error'), ('active', 'server_migrating'),
        ('server_migrating', 'active'), ('server_migrating', 'inactive'), ('server_migrating', 'error'),
        ('server_migrating_to', 'active'), ('server_migrating_to', 'inactive'), ('server_migrating_to', 'error'),
        ('inactive', 'deleting'), ('error', 'absent'), ('active', 'network_change'), ('network_change', 'active'),
        ('network_change', 'error')
), way (former, status) as (
    select former, status from step
    union
    select way.former, step.status from way join step on step.former = way.status
), change as (
    select visit.*, lag(status) over turn as former_status, lag(from_at) over turn as former_at
    from dossier.visits($1, $2, $3, $4, $11) visit
    window turn as (partition by lane, server_id order by from_at, position)
)
select change.lane, change.position, change.from_at as at, change.server_id, change.former_status, change.status,
    change.status in (select status from step union select former from step)
        and change.former_status in (select status from step union select former from step) as is_documented,
    change.not_before, change.host, change.project_id, dossier.summary(cause) as cause
from change
left join dossier.entries cause on cause.lane = change.lane and cause.position = change.cause_position
where change.from_at >= $1 and change.former_status is not null
    and ($5::text is null or change.host = $5) and ($6::text is null or change.project_id = $6)
    and ($7::timestamptz is null or (change.from_at, change.lane, change.position) > ($7, $8::smallint, $9::bigint))
    and (change.former_status, change.status) not in (select former, status from way)
    and not exists (
        select from dossier.entries entry
        where entry.lane = change.lane and entry.server_id = change.server_id
            and entry.occurred_at > change.former_at and entry.occurred_at <= change.from_at
            and ($11::bigint[] is null or entry.position < $11[change.lane + 1])
            and entry.operation = 'reset_status' and entry.http_status between 200 and 299)
order by at, lane, position
limit $10
