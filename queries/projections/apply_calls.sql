-- Applies what the entries of the range say of each server beside its status: the last call that asked to change it,
-- the last that failed, and the last back-end details. The latest by (occurred_at, position) stays, whenever it came.
-- $1 lane smallint
-- $2 from bigint  position, inclusive
-- $3 until bigint  position, exclusive
-- returns: nothing
with mention as (
    -- 'mention' stands for the server itself: it gets a row whatever is said of it.
    select entry.server_id, entry.occurred_at, entry.position, told.kind
    from dossier.entries entry
    cross join lateral (
        select entry.type = 'org.openstack.manila.share_server.call' and entry.operation in
            ('delete', 'manage', 'unmanage', 'reset_status', 'reset_task_state', 'migration_start',
             'migration_complete', 'migration_cancel') as is_change
        offset 0
    ) call
    cross join lateral (values
        ('mention', true),
        ('change', call.is_change),
        ('failure', (call.is_change and entry.http_status >= 400)
            or (entry.type = 'org.openstack.manila.share_server.status'
                and (entry.status = 'error' or entry.status like '%\_error'))),
        ('details', entry.type = 'org.openstack.manila.share_server.backend_details')
    ) told (kind, is_so)
    where entry.lane = $1 and entry.position >= $2 and entry.position < $3 and entry.server_id is not null
        and told.is_so
), latest as (
    select distinct on (server_id, kind) server_id, kind, occurred_at, position
    from mention
    order by server_id, kind, occurred_at desc, position desc
), every as (
    -- Of the latest by server: no joins, of which estimates make a plan that goes through all pairs.
    select server_id, count(*) > 1 as has_news,
        max(occurred_at) filter (where kind = 'change') as call_at,
        max(position) filter (where kind = 'change') as call_position,
        max(occurred_at) filter (where kind = 'failure') as error_at,
        max(position) filter (where kind = 'failure') as error_position,
        max(occurred_at) filter (where kind = 'details') as details_at,
        max(position) filter (where kind = 'details') as details_position
    from latest
    group by server_id
)
insert into servers as server
    (lane, server_id, last_call_at, last_call_position, last_error_at, last_error_position, details_at,
     details_position)
select $1, every.server_id, call_at, call_position, error_at, error_position, every.details_at, every.details_position
from every
left join lateral (
    -- Looked up one by one (offset 0): the plan must not read the whole fleet for a few entries.
    select server_id from servers where lane = $1 and server_id = every.server_id offset 0
) known on true
where every.has_news or known.server_id is null
on conflict (lane, server_id) do update set
    (last_call_at, last_call_position) = (
        select at, of from (values (server.last_call_at, server.last_call_position),
                                   (excluded.last_call_at, excluded.last_call_position)) as each (at, of)
        order by at desc nulls last, of desc limit 1),
    (last_error_at, last_error_position) = (
        select at, of from (values (server.last_error_at, server.last_error_position),
                                   (excluded.last_error_at, excluded.last_error_position)) as each (at, of)
        order by at desc nulls last, of desc limit 1),
    (details_at, details_position) = (
        select at, of from (values (server.details_at, server.details_position),
                                   (excluded.details_at, excluded.details_position)) as each (at, of)
        order by at desc nulls last, of desc limit 1)
