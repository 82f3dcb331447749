-- Applies what the entries of the range say of each server beside its status: the last call that asked to change it,
-- the last that failed, and the last back-end details. The latest by (occurred_at, position) stays, whenever it came.
-- $1 lane smallint
-- $2 from bigint  position, inclusive
-- $3 until bigint  position, exclusive
-- returns: nothing
with mention as (
    select server_id, occurred_at, position,
        type = 'org.openstack.manila.share_server.backend_details' as is_details,
        type = 'org.openstack.manila.share_server.call' and operation in
            ('delete', 'manage', 'unmanage', 'reset_status', 'reset_task_state', 'migration_start',
             'migration_complete', 'migration_cancel') as is_change,
        type = 'org.openstack.manila.share_server.status' and (status = 'error' or status like '%\_error') as is_failed,
        http_status
    from dossier.entries
    where lane = $1 and position >= $2 and position < $3 and server_id is not null
), change as (
    select distinct on (server_id) server_id, occurred_at, position
    from mention where is_change
    order by server_id, occurred_at desc, position desc
), failure as (
    select distinct on (server_id) server_id, occurred_at, position
    from mention where is_failed or (is_change and http_status >= 400)
    order by server_id, occurred_at desc, position desc
), details as (
    select distinct on (server_id) server_id, occurred_at, position
    from mention where is_details
    order by server_id, occurred_at desc, position desc
)
insert into servers as server
    (lane, server_id, last_call_at, last_call_position, last_error_at, last_error_position, details_at,
     details_position)
select $1, every.server_id, change.occurred_at, change.position, failure.occurred_at, failure.position,
    details.occurred_at, details.position
from (select distinct server_id from mention) every
-- Of the same servers: full joins, so that no plan made of wrong estimates goes through all pairs.
full join change on change.server_id = every.server_id
full join failure on failure.server_id = every.server_id
full join details on details.server_id = every.server_id
where every.server_id is not null
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
where excluded.last_call_position is not null or excluded.last_error_position is not null
    or excluded.details_position is not null
