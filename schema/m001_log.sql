-- The log: entries in lanes, one Merkle tree a lane, and the keys that keep an event from being appended twice.

create schema dossier;

create table dossier.migrations (
    number     integer primary key,
    name       text not null,
    checksum   bytea not null,
    applied_at timestamptz not null default clock_timestamp()
);

-- Roles. They belong to the whole cluster, so another database may have made them already.
do $$
declare
    wanted text;
begin
    foreach wanted in array array['dossier_writer', 'dossier_reader'] loop
        if not exists (select from pg_roles where rolname = wanted) then
            begin
                execute format('create role %I nologin', wanted);
            exception when duplicate_object or unique_violation then
                null;
            end;
        end if;
        -- From PostgreSQL 16 on whoever creates a role is a member that may not become it.
        if not pg_has_role(current_user, wanted,
                           case when current_setting('server_version_num')::integer >= 160000 then 'set'
                                else 'member' end) then
            execute format('grant %I to current_user', wanted);
        end if;
    end loop;
end
$$;

-- What was fixed when the log was created.
create table dossier.log_settings (
    only_row          boolean primary key default true check (only_row),
    lanes             smallint not null check (lanes between 1 and 1024),
    partition_entries bigint not null check (partition_entries >= 1000),
    created_at        timestamptz not null default clock_timestamp()
);

-- Secrets in what is recorded are replaced by HMACs under this key, so that equal ones can still be matched. Whoever
-- has it can try guesses: writers need it, readers do not get it.
create table dossier.redaction_key (
    only_row boolean primary key default true check (only_row),
    key      bytea not null check (octet_length(key) = 32)
);

-- One row a lane; whoever appends holds it FOR UPDATE, so commit order is position order.
create table dossier.log_heads (
    lane        smallint primary key,
    size        bigint not null default 0 check (size >= 0),
    frontier    bytea not null default '',
    root        bytea not null,
    recorded_at timestamptz not null default '-infinity'
) with (fillfactor = 50);

-- body holds the exact bytes that are hashed; the other columns are an index over it, filled by the writer.
create table dossier.entries (
    lane          smallint not null,
    position      bigint not null,
    occurred_at   timestamptz not null,
    recorded_at   timestamptz not null,
    server_id     uuid,
    http_status   integer,
    type          text not null,
    operation     text,
    status        text,
    request_id    text,
    actor_user_id text,
    project_id    text,
    host          text,
    leaf_hash     bytea not null,
    body          text not null,
    primary key (lane, position)
) partition by range (position);

create index entries_by_server on dossier.entries (lane, server_id, occurred_at, position)
    where server_id is not null;
create index entries_by_change on dossier.entries (lane, operation, position)
    where operation in ('delete', 'manage', 'unmanage', 'reset_status', 'reset_task_state', 'migration_start',
                        'migration_complete', 'migration_cancel');
create index entries_by_request on dossier.entries (request_id, lane, position) where request_id is not null;
create index entries_by_time on dossier.entries using brin (occurred_at, recorded_at) with (pages_per_range = 32);

create table dossier.entry_partitions (
    from_position  bigint primary key,
    until_position bigint not null unique,
    name           text not null
);

-- 48 bits of the event's time, 74 of its source and id: equal events collide, and inserts stay near one another.
create table dossier.event_keys (
    event_key    uuid not null,
    lane         smallint not null,
    position     bigint not null,
    content_hash bytea not null,
    primary key (event_key, lane)
);

-- Hashes of every complete subtree of 256, 65,536, … leaves: level 1, 2, …
create table dossier.subtrees (
    lane  smallint not null,
    level smallint not null,
    index bigint not null,
    hash  bytea not null,
    primary key (lane, level, index)
);

create function dossier.refuse_change() returns trigger
    language plpgsql as
$$
begin
    raise exception '%.% is append-only: % refused', tg_table_schema, tg_table_name, tg_op;
end
$$;

create trigger append_only before update or delete or truncate on dossier.entries
    for each statement execute function dossier.refuse_change();
create trigger append_only before update or delete or truncate on dossier.event_keys
    for each statement execute function dossier.refuse_change();
create trigger append_only before update or delete or truncate on dossier.subtrees
    for each statement execute function dossier.refuse_change();
create trigger append_only before update or delete or truncate on dossier.log_settings
    for each statement execute function dossier.refuse_change();
create trigger append_only before update or delete or truncate on dossier.redaction_key
    for each statement execute function dossier.refuse_change();
create trigger append_only before delete or truncate on dossier.log_heads
    for each statement execute function dossier.refuse_change();

-- Makes partitions until every position below `wanted` has one; answers the first position that has none.
-- Runs with its owner's rights: a writer may append, not alter tables.
create function dossier.create_partitions(wanted bigint) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp as
$$
declare
    span       bigint;
    covered    bigint;
    partition  text;
begin
    select coalesce(max(until_position), 0) into covered from dossier.entry_partitions;
    if covered >= wanted then
        return covered;
    end if;
    perform pg_advisory_xact_lock(hashtext('dossier.create_partitions'));
    select partition_entries into strict span from dossier.log_settings;
    select coalesce(max(until_position), 0) into covered from dossier.entry_partitions;
    while covered < wanted loop
        partition := 'entries_p' || lpad((covered / span)::text, 6, '0');
        -- Made apart and attached: CREATE … PARTITION OF would lock out every reader of the log.
        execute format('create table dossier.%I (like dossier.entries including defaults)', partition);
        execute format('alter table dossier.%I add constraint positions check (position >= %s and position < %s)',
                       partition, covered, covered + span);
        execute format('alter table dossier.%I set (autovacuum_analyze_scale_factor = 0.05)', partition);
        execute format('alter table dossier.entries attach partition dossier.%I for values from (%s) to (%s)',
                       partition, covered, covered + span);
        execute format('alter table dossier.%I drop constraint positions', partition);
        execute format('create trigger append_only before update or delete or truncate on dossier.%I '
                       'for each statement execute function dossier.refuse_change()', partition);
        insert into dossier.entry_partitions values (covered, covered + span, partition);
        covered := covered + span;
    end loop;
    return covered;
end
$$;

-- Fixes the lanes and makes their heads and first partitions; does nothing where the log exists.
create function dossier.create_log(wanted_lanes smallint, wanted_partition_entries bigint) returns boolean
    language plpgsql as
$$
begin
    lock table dossier.log_settings in share row exclusive mode;
    if exists (select from dossier.log_settings) then
        return false;
    end if;
    insert into dossier.log_settings (lanes, partition_entries) values (wanted_lanes, wanted_partition_entries);
    insert into dossier.redaction_key (key)
        values (sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())));
    insert into dossier.log_heads (lane, root)
        select lane, sha256('') from generate_series(0, wanted_lanes - 1) as lane;
    perform dossier.create_partitions(2 * wanted_partition_entries);
    return true;
end
$$;

revoke execute on function dossier.create_partitions(bigint), dossier.create_log(smallint, bigint) from public;
grant execute on function dossier.create_partitions(bigint) to dossier_writer;
grant usage on schema dossier to dossier_writer, dossier_reader;
grant select on dossier.log_settings, dossier.log_heads, dossier.entries, dossier.entry_partitions,
    dossier.event_keys, dossier.subtrees, dossier.migrations to dossier_writer, dossier_reader;
grant select on dossier.redaction_key to dossier_writer;
grant insert on dossier.entries, dossier.event_keys, dossier.subtrees to dossier_writer;
grant update on dossier.log_heads to dossier_writer;
