-- Every lane that there is: by the settings, by its head, or by any row of the log.
-- returns: many
--   lane smallint
-- order: lane ascending
-- limit: none; one row a lane
with recursive entered (lane) as (
    select min(lane) from dossier.entries
    union all
    select (select min(entry.lane) from dossier.entries entry where entry.lane > entered.lane)
    from entered
    where entered.lane is not null
)
select every.lane
from (
    select generate_series(0, lanes - 1)::smallint as lane from dossier.log_settings
    union
    select lane from dossier.log_heads
    union
    select lane from entered where lane is not null
    union
    select distinct lane from dossier.subtrees
) every
order by lane
