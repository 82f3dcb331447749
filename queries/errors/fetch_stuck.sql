-- Servers that have been in a transitional status for longer than is usual: than the 99th percentile of the visits to
-- that status on that host that ended lately, or, where none did there, anywhere; and longer than a floor in any case.
-- $1 at timestamptz  now, or the moment that is asked about
-- $2 since timestamptz  visits that ended from then on are compared with
-- $3 floor_us bigint
-- $4 host text?  only there
-- $5 project_id text?
-- $6 limit integer  rows
-- $7 known bigint[]?  as of these positions, one a lane; null: all there is
-- returns: many
--   lane smallint
--   server_id uuid
--   status text
--   from_at timestamptz
--   not_before timestamptz?
--   position bigint
--   host text?
--   project_id text?
--   share_network_id text?
--   age_us bigint
--   usual_us bigint?
--   compared bigint
--   is_by_host boolean
--   cause json?
-- order: age_us descending
-- limit: $6
with suspect as (
    select visit.*, dossier.microseconds($1) - dossier.microseconds(visit.from_at) as age_us
    from dossier.visits($1::timestamptz, $1::timestamptz + interval '1 microsecond', null, null, $7) visit
    where (visit.until_at is null or visit.until_at > $1) and dossier.status_class(visit.status) = 'transitional'
        and ($4::text is null or visit.host = $4) and ($5::text is null or visit.project_id = $5)
), ended as (
    select status, host, (dossier.microseconds(until_at) - dossier.microseconds(from_at)) as length_us
    from dossier.visits($2::timestamptz, $1::timestamptz, null, null, $7)
    where until_at >= $2 and until_at < $1 and status in (select status from suspect)
), usual as (
    select status, host, grouping(host) = 1 as is_fleet, count(*) as compared,
        percentile_cont(0.99) within group (order by length_us)::bigint as usual_us
    from ended
    group by grouping sets ((status, host), (status))
)
select suspect.lane, suspect.server_id, suspect.status, suspect.from_at, suspect.not_before, suspect.position,
    suspect.host, suspect.project_id, suspect.share_network_id, suspect.age_us,
    coalesce(there.usual_us, anywhere.usual_us) as usual_us,
    coalesce(there.compared, anywhere.compared, 0) as compared, there.status is not null as is_by_host,
    dossier.summary(cause) as cause
from suspect
left join usual there on there.status = suspect.status and there.host = suspect.host and not there.is_fleet
left join usual anywhere on anywhere.status = suspect.status and anywhere.is_fleet
left join dossier.entries cause on cause.lane = suspect.lane and cause.position = suspect.cause_position
where suspect.age_us > greatest($3, coalesce(there.usual_us, anywhere.usual_us, 0))
order by suspect.age_us desc, suspect.lane, suspect.server_id
limit $6
