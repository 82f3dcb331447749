-- How far the newest checkpoint of each lane goes, and since when; lanes without one are left out.
-- returns: many
--   lane smallint
--   size bigint
--   made_at timestamptz
-- order: lane ascending
-- limit: none; one row a lane
select newest.lane, newest.size, newest.made_at
from dossier.log_heads head
cross join lateral (
    select lane, size, made_at from dossier.checkpoints where lane = head.lane order by size desc limit 1
) newest
order by newest.lane
