-- Removes the counts from which every call has been moved away.
-- $1 lane smallint
-- returns: nothing
delete from call_stats where lane = $1 and calls = 0
