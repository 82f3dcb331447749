-- When none of a server's sources was watching, from its first sighting to its end, within a window.
-- $1 lane smallint
-- $2 server_id uuid
-- $3 from timestamptz?  inclusive
-- $4 until timestamptz  exclusive, no later than what is known
-- $5 known bigint[]?  as of these positions, one a lane; null: all there is
-- $6 limit integer  rows
-- returns: many
--   from_at timestamptz
--   until_at timestamptz
-- order: from_at ascending
-- limit: $6
with life as (
    select min(from_at) as from_at,
        case when (array_agg(status order by from_at desc, position desc))[1] = 'absent' then max(from_at) end as until_at
    from dossier.visits('-infinity', $4, $1, $2, $5)
), asked as (
    select greatest(from_at, $3::timestamptz) as from_at, least(until_at, $4) as until_at from life
)
select lower(gap) as from_at, upper(gap) as until_at
from asked
cross join dossier.watched($1, $2, $5) watched
cross join lateral unnest(tstzmultirange(tstzrange(asked.from_at, asked.until_at)) - watched.watch) as gap
where asked.from_at < asked.until_at
order by from_at
limit $6
