-- The entries of a lane from a position on that satisfy every filter given.
-- $1 lane smallint
-- $2 from bigint  position, inclusive
-- $3 until bigint  position, exclusive: what one page may look through
-- $4 server_id uuid?
-- $5 type text?
-- $6 operation text?
-- $7 actor_user_id text?
-- $8 request_id text?
-- $9 project_id text?
-- $10 http_status_from integer?  inclusive
-- $11 http_status_until integer?  exclusive
-- $12 occurred_from timestamptz?  inclusive
-- $13 occurred_until timestamptz?  exclusive
-- $14 status text?
-- $15 host text?
-- $16 limit integer  rows
-- returns: many
--   lane smallint
--   position bigint
--   recorded_at timestamptz
--   leaf_hash bytea
--   body text
-- order: position ascending
-- limit: $16
select lane, position, recorded_at, leaf_hash, body
from dossier.entries
where lane = $1 and position >= $2 and position < $3
    and ($4::uuid is null or server_id = $4)
    and ($5::text is null or type = $5)
    and ($6::text is null or operation = $6)
    and ($7::text is null or actor_user_id = $7)
    and ($8::text is null or request_id = $8)
    and ($9::text is null or project_id = $9)
    and ($10::integer is null or http_status >= $10)
    and ($11::integer is null or http_status < $11)
    and ($12::timestamptz is null or occurred_at >= $12)
    and ($13::timestamptz is null or occurred_at < $13)
    and ($14::text is null or status = $14)
    and ($15::text is null or host = $15)
order by position
limit $16
