-- The visits of a server to each status that overlap a window, the open one last with no end.
-- $1 lane smallint
-- $2 server_id uuid
-- $3 from timestamptz?  inclusive
-- $4 until timestamptz?  exclusive
-- $5 limit integer  rows
-- returns: many
--   status text
--   from_at timestamptz
--   until_at timestamptz?
--   not_before timestamptz?
--   position bigint
--   cause_position bigint?
-- order: from_at, position ascending
-- limit: $5
select status, from_at, until_at, not_before, position, cause_position
from (
    select status, from_at, until_at, not_before, position, cause_position
    from dossier.status_intervals
    where lane = $1 and server_id = $2
    union all
    select status, from_at, null, not_before, position, cause_position
    from dossier.servers
    where lane = $1 and server_id = $2 and status is not null
) visit
where ($3::timestamptz is null or until_at is null or until_at > $3) and ($4::timestamptz is null or from_at < $4)
order by from_at, position
limit $5
