-- How a server came, and, where it was gone by a moment, how it went: what it was first and last seen to be by then, and
-- the calls that caused that. The call that took it away is the one that caused the last step of its way out. No row where
-- it had not been seen by then.
-- $1 lane smallint
-- $2 server_id uuid
-- $3 until timestamptz?  exclusive
-- $4 known bigint[]?  as of these positions, one a lane; null: all there is
-- returns: many
--   is_first boolean
--   status text
--   from_at timestamptz
--   not_before timestamptz?
--   cause json?
-- order: is_first desc
-- limit: none; the first visit, and the last where it is 'absent'
with visit as materialized (
    select status, from_at, position, not_before, cause_position,
        -- The way out: what follows the last visit to any other status.
        count(*) filter (where status not in ('deleting', 'unmanage_starting', 'inactive', 'absent')) over (
            order by from_at desc, position desc) = 0 as is_leaving
    from dossier.visits('-infinity', coalesce($3::timestamptz, 'infinity'), $1, $2, $4)
), finish as (
    (select true as is_first, status, from_at, not_before, cause_position
     from visit order by from_at, position limit 1)
    union all
    select false, latest.status, latest.from_at, latest.not_before, (
        select cause_position from visit
        where is_leaving and cause_position is not null
        order by from_at desc, position desc limit 1)
    from (select * from visit order by from_at desc, position desc limit 1) latest
    where latest.status = 'absent'
)
select finish.is_first, finish.status, finish.from_at, finish.not_before, dossier.summary(cause) as cause
from finish
left join dossier.entries cause on cause.lane = $1 and cause.position = finish.cause_position
order by is_first desc
