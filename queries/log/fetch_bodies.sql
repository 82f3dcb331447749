-- The exact bodies of the entries of a lane: the leaves of its tree.
-- $1 lane smallint
-- $2 from bigint  position, inclusive
-- $3 until bigint  position, exclusive
-- returns: many
--   body text
-- order: position ascending
-- limit: $3 - $2
select body from dossier.entries where lane = $1 and position >= $2 and position < $3 order by position
