-- The servers that failed most often in a window.
-- $1 from timestamptz  inclusive
-- $2 until timestamptz  exclusive
-- $3 host text?  only there
-- $4 project_id text?
-- $5 limit integer  rows
-- $6 known bigint[]?  as of these positions, one a lane; null: all there is
-- returns: many
--   server_id uuid
--   episodes bigint
--   failed_us bigint
--   host text?
-- order: episodes desc, failed_us desc, server_id
-- limit: $5; only servers with more than one episode
select server_id, count(*) as episodes,
    sum(dossier.microseconds(least(until_at, $2)) - dossier.microseconds(from_at))::bigint as failed_us,
    (array_agg(host order by from_at desc))[1] as host
from dossier.episodes($6, null, null)
where from_at >= $1 and from_at < $2 and ($3::text is null or host = $3) and ($4::text is null or project_id = $4)
group by lane, server_id
having count(*) > 1
order by episodes desc, failed_us desc, server_id
limit $5
