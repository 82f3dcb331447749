-- The first entry at or after a position, if any: there is none beyond a sound head.
-- $1 lane smallint
-- $2 from bigint  position, inclusive
-- returns: optional
--   position bigint
select position from dossier.entries where lane = $1 and position >= $2 order by position limit 1
