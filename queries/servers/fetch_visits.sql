-- The visits of a server to each status that overlap a window, the open one last with no end.
-- $1 lane smallint
-- $2 server_id uuid
-- $3 from timestamptz?  inclusive
-- $4 until timestamptz?  exclusive
-- $5 known bigint[]?  as of these positions, one a lane; null: all there is
-- $6 limit integer  rows
-- returns: many
--   status text
--   from_at timestamptz
--   until_at timestamptz?
--   not_before timestamptz?
--   position bigint
--   cause_position bigint?
-- order: from_at, position ascending
-- limit: $6
select status, from_at, until_at, not_before, position, cause_position
from dossier.visits(coalesce($3::timestamptz, '-infinity'), coalesce($4::timestamptz, 'infinity'), $1, $2, $5)
where $3::timestamptz is null or until_at is null or until_at > $3
order by from_at, position
limit $6
