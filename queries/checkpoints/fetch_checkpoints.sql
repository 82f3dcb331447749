-- The checkpoints of a lane, the largest first, each with the signatures that came later.
-- $1 lane smallint
-- $2 before bigint?  only those of fewer entries
-- $3 limit integer  rows
-- returns: many
--   size bigint
--   root bytea
--   note text
--   made_at timestamptz
--   lines text[]
-- order: size descending
-- limit: $3
select checkpoint.size, checkpoint.root, checkpoint.note, checkpoint.made_at,
    array(
        select signature.line from dossier.checkpoint_signatures signature
        where signature.lane = checkpoint.lane and signature.size = checkpoint.size
        order by signature.made_at, signature.signer
    ) as lines
from dossier.checkpoints checkpoint
where checkpoint.lane = $1 and ($2::bigint is null or checkpoint.size < $2)
order by checkpoint.size desc
limit $3
