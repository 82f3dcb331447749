-- Moves the locked head of a lane on and wakes whoever follows the log when the transaction commits.
-- $1 lane smallint
-- $2 size bigint  entries
-- $3 frontier bytea
-- $4 root bytea
-- $5 recorded_at timestamptz
-- returns: one
--   notified boolean
with head as (
    update dossier.log_heads set size = $2, frontier = $3, root = $4, recorded_at = $5 where lane = $1 returning lane
)
select pg_notify('dossier_log', lane::text) is not null as notified from head
