-- Four roles in place of two, each with what it needs and nothing else: whoever appends no longer writes projections,
-- whoever projects cannot append, and neither owns anything. What there is becomes the owner's at the end of every
-- migration: see queries/schema/fetch_ownership.sql.

-- As in m001.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['dossier_owner', 'dossier_writer', 'dossier_reader', 'dossier_projector'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            begin
                execute format('create role %I nologin', wanted);
            exception when duplicate_object or unique_violation then
                null;
            end;
        end if;
        if not pg_has_role(current_user, wanted,
                           case when current_setting('server_version_num')::integer >= 160000 then 'set'
                                else 'member' end) then
            execute format('grant %I to current_user', wanted);
        end if;
    end loop;
end
$$;

-- As before (m004), but for whom the tables are granted to.
create or replace function dossier.create_rebuild(wanted text) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
    tab     text;
    options text[];
    key     text;
    is_new  boolean := false;
begin
    -- What was imported a moment ago has no statistics yet, and plans made without them read all pairs of all.
    for tab in
        select stat.relname from pg_inherits part
        join pg_stat_user_tables stat on stat.relid = part.inhrelid
        where part.inhparent = 'dossier.entries'::regclass
            and stat.n_mod_since_analyze > 1000 + stat.n_live_tup / 10
    loop
        execute format('analyze dossier.%I', tab);
    end loop;
    for tab in select name from dossier.projection_tables where projection = wanted order by name loop
        if to_regclass(format('dossier_rebuild.%I', tab)) is null then
            execute format('create table dossier_rebuild.%I (like dossier.%I including defaults including constraints '
                           'including generated including storage including compression)', tab, tab);
            select reloptions into options from pg_class where oid = format('dossier.%I', tab)::regclass;
            if options is not null then
                execute format('alter table dossier_rebuild.%I set (%s)', tab, array_to_string(options, ', '));
            end if;
            for key in
                select format('constraint %I %s', conname, pg_get_constraintdef(oid)) from pg_constraint
                where conrelid = format('dossier.%I', tab)::regclass and contype = 'p'
            loop
                execute format('alter table dossier_rebuild.%I add %s', tab, key);
            end loop;
            execute format('grant select, insert, update, delete on dossier_rebuild.%I to dossier_projector', tab);
            is_new := true;
        end if;
    end loop;
    return is_new;
end
$$;

-- The tables of projections, and those of a rebuild that was interrupted, pass from the writer to the projector.
do $$
declare
    tab regclass;
begin
    for tab in
        select to_regclass(format('%I.%I', place, name)) from dossier.projection_tables
        cross join unnest(array['dossier', 'dossier_rebuild']) as place
        where to_regclass(format('%I.%I', place, name)) is not null
    loop
        execute format('revoke all on %s from dossier_writer', tab);
        execute format('grant select, insert, update, delete on %s to dossier_projector', tab);
    end loop;
end
$$;

revoke all on dossier.projections, dossier.projection_tables from dossier_writer;
revoke usage on schema dossier_rebuild from dossier_writer;
revoke execute on function dossier.create_rebuild(text), dossier.create_rebuild_indexes(text),
    dossier.lock_projections(), dossier.swap_rebuild(text), dossier.remove_rebuild(text) from dossier_writer;

grant usage on schema dossier, dossier_rebuild to dossier_projector;
grant select on dossier.log_heads, dossier.entries to dossier_projector;
grant select, insert, update on dossier.projections to dossier_projector;
grant execute on function dossier.create_rebuild(text), dossier.create_rebuild_indexes(text),
    dossier.lock_projections(), dossier.swap_rebuild(text), dossier.remove_rebuild(text) to dossier_projector;
