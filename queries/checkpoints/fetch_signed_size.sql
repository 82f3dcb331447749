-- The size of the largest checkpoint of a lane that a signer signed later: what a witness has seen, as far as is known.
-- $1 lane smallint
-- $2 signer text  name+id
-- returns: optional
--   size bigint
select size from dossier.checkpoint_signatures where lane = $1 and signer = $2 order by size desc limit 1
