-- Every source that told the status of a server or said that it was watching: how many servers, and how long it watched.
-- $1 from timestamptz  inclusive
-- $2 until timestamptz  exclusive, no later than what is known
-- $3 known bigint[]?  as of these positions, one a lane; null: all there is
-- returns: many
--   source text
--   servers bigint
--   has_declared boolean
--   watched_us bigint?
-- order: source ascending
-- limit: none; one row a source; watched_us is null for a source that never said when it was watching
with watched as (
    select source,
        (coalesce(range_agg(tstzrange(from_at, until_at)) filter (where state = 'watching'), '{}')
            - coalesce(range_agg(tstzrange(least(from_at, until_at), until_at)) filter (where state = 'gap'), '{}'))
            * tstzmultirange(tstzrange($1, $2)) as watch
    from dossier.known_coverage($3)
    group by source
), told as (
    select source, count(*) as servers
    from dossier.told_sources(null, null, $3), unnest(sources) as each (source)
    group by source
)
select source, coalesce(told.servers, 0) as servers, watched.source is not null as has_declared,
    case when watched.source is not null then coalesce((
        select sum(dossier.microseconds(upper(seen)) - dossier.microseconds(lower(seen)))
        from unnest(watched.watch) as seen), 0)::bigint end as watched_us
from told
full join watched using (source)
order by source
