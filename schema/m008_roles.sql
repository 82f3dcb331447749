-- Four roles in place of two, each with what it needs and nothing else: whoever appends no longer writes projections,
-- whoever projects cannot append, and neither owns anything. What there is becomes the owner's at the end of every
-- migration: see queries/schema/fetch_ownership.sql. And one for readers of some projects: see m010.

-- As in m001.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['dossier_owner', 'dossier_writer', 'dossier_reader', 'dossier_project_reader',
                                'dossier_projector'] loop
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

-- What a rebuild makes is granted to the projector.
do $$
begin
    execute replace(pg_get_functiondef('dossier.create_rebuild(text)'::regprocedure), 'to dossier_writer',
                    'to dossier_projector');
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
