-- Rebuilding a projection beside the one that answers: the same tables in a schema of their own, filled from the log and
-- then put in the place of the old ones. The statements of a projection name its tables without a schema; which ones they
-- mean is the session's search_path.

-- Left over where the other schema was dropped by hand.
drop schema if exists dossier_rebuild cascade;
create schema dossier_rebuild;
grant usage on schema dossier_rebuild to dossier_writer;

create table dossier.projection_tables (
    name       text primary key,
    projection text not null
);

insert into dossier.projection_tables (projection, name) values
    ('servers', 'servers'), ('servers', 'status_intervals'), ('servers', 'error_episodes'),
    ('call_stats', 'call_stats'), ('call_stats', 'server_calls'),
    ('coverage', 'coverage'), ('coverage', 'server_sources');

-- Makes the tables of a projection beside the old ones, with their primary keys and without their other indexes, unless
-- they are there; answers whether they were made. With its owner's rights, like all below: a writer alters no tables.
create function dossier.create_rebuild(wanted text) returns boolean
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
            execute format('grant select, insert, update, delete on dossier_rebuild.%I to dossier_writer', tab);
            is_new := true;
        end if;
    end loop;
    return is_new;
end
$$;

-- Gives the tables beside the old ones the indexes that are missing: made of all rows at once, they cost least.
create function dossier.create_rebuild_indexes(wanted text) returns integer
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
    tab        text;
    definition text;
    made       integer := 0;
begin
    for tab in select name from dossier.projection_tables where projection = wanted order by name loop
        for definition in
            select replace(pg_get_indexdef(index.indexrelid), format(' ON dossier.%I ', tab),
                           format(' ON dossier_rebuild.%I ', tab))
            from pg_index index
            join pg_class class on class.oid = index.indexrelid
            where index.indrelid = format('dossier.%I', tab)::regclass and not index.indisprimary
                and to_regclass(format('dossier_rebuild.%I', class.relname)) is null
        loop
            execute definition;
            made := made + 1;
        end loop;
        execute format('analyze dossier_rebuild.%I', tab);
    end loop;
    return made;
end
$$;

-- Keeps everybody who answers from projections, until the transaction ends: they begin by locking this table shared.
-- No other table will do: whoever fills another projection's tables writes its checkpoint.
create function dossier.lock_projections() returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
begin
    lock table dossier.projection_tables in access exclusive mode;
    return true;
end
$$;

-- Puts the new tables and how far they have come in the place of the old ones. The checkpoints come first, as they do
-- with whoever applies entries.
create function dossier.swap_rebuild(wanted text) returns integer
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
        execute format('grant select on dossier.%I to dossier_reader', tab);
        swapped := swapped + 1;
    end loop;
    delete from dossier.projections where projection = wanted;
    update dossier.projections set projection = wanted where projection = wanted || '/rebuild';
    return swapped;
end
$$;

-- Forgets a rebuild that was not finished.
create function dossier.remove_rebuild(wanted text) returns integer
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
    tab     text;
    removed integer := 0;
begin
    for tab in select name from dossier.projection_tables where projection = wanted order by name loop
        if to_regclass(format('dossier_rebuild.%I', tab)) is not null then
            execute format('drop table dossier_rebuild.%I', tab);
            removed := removed + 1;
        end if;
    end loop;
    delete from dossier.projections where projection = wanted || '/rebuild';
    return removed;
end
$$;

revoke execute on function dossier.create_rebuild(text), dossier.create_rebuild_indexes(text),
    dossier.lock_projections(), dossier.swap_rebuild(text), dossier.remove_rebuild(text) from public;
grant execute on function dossier.create_rebuild(text), dossier.create_rebuild_indexes(text),
    dossier.lock_projections(), dossier.swap_rebuild(text), dossier.remove_rebuild(text) to dossier_writer;
grant select on dossier.projection_tables to dossier_writer, dossier_reader;
