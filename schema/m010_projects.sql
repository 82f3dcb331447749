-- Readers of some projects: what PostgreSQL shows them are the servers that were last seen in these, and what is of those
-- servers. A server that came from another project is theirs with all that it was before.

-- Whoever may become a reader of all may become a reader of some; but a reader of all is not one of some by the way, for
-- then it would see no more than that.
do $$
begin
    if not pg_has_role('dossier_reader', 'dossier_project_reader', 'member') then
        begin
            if current_setting('server_version_num')::integer >= 160000 then
                execute 'grant dossier_project_reader to dossier_reader with inherit false, set true';
            else
                alter role dossier_reader noinherit;
                grant dossier_project_reader to dossier_reader;
            end if;
        -- Another database of the cluster is being brought here just now.
        exception when unique_violation or internal_error then
            null;
        end;
    end if;
end
$$;

-- COPY refuses a table with row-level security, but to its owner: what is appended goes to log_entries, all of entries.
alter table dossier.entries rename to log_entries;

do $$
declare
    index record;
begin
    create table dossier.entries (like dossier.log_entries including defaults) partition by range (position);
    for index in
        select class.relname as name, pg_get_indexdef(class.oid) as definition, indisprimary as is_primary
        from pg_index join pg_class class on class.oid = indexrelid
        where indrelid = 'dossier.log_entries'::regclass
    loop
        execute format('alter index dossier.%I rename to %I', index.name, 'log_' || index.name);
        if index.is_primary then
            alter table dossier.entries add primary key (lane, position);
        else
            execute replace(index.definition, ' ON ONLY dossier.log_entries ', ' ON dossier.entries ');
        end if;
    end loop;
    -- All positions: nothing is looked through for it.
    alter table dossier.entries attach partition dossier.log_entries for values from (minvalue) to (maxvalue);
    execute replace(pg_get_functiondef('dossier.create_partitions(bigint)'::regprocedure), 'dossier.entries',
                    'dossier.log_entries');
    execute replace(pg_get_functiondef('dossier.create_rebuild(text)'::regprocedure), 'dossier.entries',
                    'dossier.log_entries');
end
$$;

create trigger append_only before update or delete or truncate on dossier.entries
    for each statement execute function dossier.refuse_change();

-- Who could read the one reads the other.
do $$
declare
    grantee text;
begin
    for grantee in
        select acl.grantee::regrole from pg_class, aclexplode(relacl) acl
        where oid = 'dossier.log_entries'::regclass and acl.privilege_type = 'SELECT' and acl.grantee <> relowner
    loop
        execute format('grant select on dossier.entries to %s', grantee);
        execute format('revoke select on dossier.log_entries from %s', grantee);
    end loop;
end
$$;

-- As before (m002), of the new table.
drop function dossier.summary(dossier.log_entries);
create function dossier.summary(entry dossier.entries) returns json
    language sql stable parallel safe as
$$
    select case when entry.position is not null then json_strip_nulls(json_build_object(
        'lane', entry.lane, 'position', entry.position,
        'at', to_char(entry.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'type', entry.type, 'operation', entry.operation, 'status', entry.status, 'http_status', entry.http_status,
        'request_id', entry.request_id, 'actor', entry.body::json -> 'data' -> 'actor',
        'fault', entry.body::json -> 'data' -> 'fault')) end
$$;

create index servers_by_project on dossier.servers (project_id);

-- The projects that the transaction is for; none where it does not say.
create function dossier.own_projects() returns text[]
    language sql stable parallel safe as
$$
    select coalesce(nullif(current_setting('dossier.projects', true), '')::text[], '{}')
$$;

-- What whoever asks may see of all servers, and which sources told of those.
create function dossier.own_servers() returns table (lane smallint, server_id uuid)
    language sql stable parallel safe as
$$
    select lane, server_id from dossier.servers
$$;

create function dossier.own_sources() returns table (source text)
    language sql stable parallel safe as
$$
    select distinct unnest(sources) from dossier.server_sources
$$;

-- Shows a table's rows to everybody, and to readers of some projects those of their servers. Policies name no table but
-- their own: what a rebuild puts in the place of another must not hold that one fast.
create function dossier.restrict_rows(wanted text) returns void
    language plpgsql set search_path = pg_catalog, pg_temp as
$$
begin
    execute format('alter table dossier.%I enable row level security', wanted);
    execute format('create policy everyone on dossier.%I using (true) with check (true)', wanted);
    execute format('create policy projects on dossier.%I as restrictive for select to dossier_project_reader using (%s)',
                   wanted, case wanted
        when 'servers' then 'project_id = any ((select dossier.own_projects())::text[])'
        when 'coverage' then 'source in (select own.source from dossier.own_sources() own)'
        -- Counts of calls to everybody's servers cannot be told apart.
        when 'call_stats' then 'false'
        else '(lane, server_id) in (select own.lane, own.server_id from dossier.own_servers() own)' end);
    execute format('grant select on dossier.%I to dossier_project_reader', wanted);
end
$$;

do $$
begin
    perform dossier.restrict_rows(name)
    from (select name from dossier.projection_tables union all select 'entries' order by name) restricted;
end
$$;

-- As before (m004), and the new tables show each what the old ones did.
create or replace function dossier.swap_rebuild(wanted text) returns integer
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
    tab     text;
    swapped integer := 0;
begin
    perform from dossier.projections where projection in (wanted, wanted || '/rebuild') order by projection, lane
    for update;
    for tab in select name from dossier.projection_tables where projection = wanted order by name loop
        execute format('drop table dossier.%I', tab);
        execute format('alter table dossier_rebuild.%I set schema dossier', tab);
        perform dossier.restrict_rows(tab);
        execute format('grant select on dossier.%I to dossier_reader', tab);
        swapped := swapped + 1;
    end loop;
    delete from dossier.projections where projection = wanted;
    update dossier.projections set projection = wanted where projection = wanted || '/rebuild';
    return swapped;
end
$$;

-- How many entries each lane had at a moment: times recorded never run backwards in a lane, so that a few look-ups find
-- the first entry that came later. With its owner's rights: whoever sees some entries only is told as of what as well.
create function dossier.sizes_at(moment timestamptz) returns table (lane smallint, size bigint)
    language sql stable security definer set search_path = pg_catalog, pg_temp as
$$
    with recursive search as (
        select head.lane, 0::bigint as low, head.size as high from dossier.log_heads head
        union all
        select search.lane, case when entry.recorded_at <= moment then entry.position + 1 else search.low end,
            case when entry.recorded_at <= moment then search.high else entry.position end
        from search
        join dossier.log_entries entry on entry.lane = search.lane and entry.position = (search.low + search.high) / 2
        where search.low < search.high
    )
    select search.lane, search.low from search where search.low = search.high
$$;

-- When an entry was recorded. With its owner's rights, as above.
create function dossier.recorded_at(entry_lane smallint, entry_position bigint) returns timestamptz
    language sql stable security definer set search_path = pg_catalog, pg_temp as
$$
    select entry.recorded_at from dossier.log_entries entry
    where entry.lane = entry_lane and entry.position = entry_position
$$;

revoke execute on function dossier.restrict_rows(text), dossier.sizes_at(timestamptz),
    dossier.recorded_at(smallint, bigint) from public;
grant execute on function dossier.sizes_at(timestamptz), dossier.recorded_at(smallint, bigint)
    to dossier_writer, dossier_reader, dossier_project_reader;
grant execute on function dossier.recorded_at(smallint, bigint) to dossier_projector;
grant usage on schema dossier to dossier_project_reader;
grant select on dossier.log_heads, dossier.projections, dossier.projection_tables to dossier_project_reader;
