-- Projections: how far each has come, and what the share servers are and were.

create table dossier.projections (
    projection text not null,
    lane       smallint not null,
    version    integer not null,
    position   bigint not null,
    applied_at timestamptz not null default clock_timestamp(),
    primary key (projection, lane)
);

-- Later members replace earlier ones: what an answer leaves out is still as it was last seen.
create aggregate dossier.merge(jsonb) (
    sfunc = jsonb_concat, stype = jsonb, initcond = '{}', parallel = safe
);

-- One row for every server that an event has named. The open visit (the status it is in) is here: status to
-- cause_position, all null where no status has been seen. last_seen_at is when that status was last confirmed;
-- seen_at and seen_position are the order of the last status event applied: what comes in with an earlier time rewinds
-- the row first.
create table dossier.servers (
    lane                smallint not null,
    server_id           uuid not null,
    status              text,
    from_at             timestamptz,
    not_before          timestamptz,
    position            bigint,
    cause_position      bigint,
    attributes          jsonb not null default '{}',
    host                text generated always as (attributes ->> 'host') stored,
    project_id          text generated always as (attributes ->> 'project_id') stored,
    share_network_id    text generated always as (attributes ->> 'share_network_id') stored,
    first_seen_at       timestamptz,
    last_seen_at        timestamptz,
    seen_at             timestamptz not null default '-infinity',
    seen_position       bigint not null default -1,
    details_at          timestamptz,
    details_position    bigint,
    last_call_at        timestamptz,
    last_call_position  bigint,
    last_error_at       timestamptz,
    last_error_position bigint,
    primary key (lane, server_id)
) with (fillfactor = 80);

-- Closed visits only: the server was in `status` in [from_at, until_at). The change came after not_before, the last
-- moment at which the former status was still seen.
create table dossier.status_intervals (
    lane             smallint not null,
    server_id        uuid not null,
    from_at          timestamptz not null,
    position         bigint not null,
    until_at         timestamptz not null,
    not_before       timestamptz,
    cause_position   bigint,
    status           text not null,
    host             text,
    project_id       text,
    share_network_id text,
    primary key (lane, server_id, from_at, position)
);

create index status_intervals_by_time on dossier.status_intervals (until_at, from_at);

create index servers_by_status on dossier.servers (status);

-- Statuses are an open set: what is not listed is 'other'.
create function dossier.status_class(status text) returns text
    language sql immutable parallel safe as
$$
    select case
        when status = 'active' then 'serving'
        when status = 'error' or status like '%\_error' then 'failed'
        when status in ('creating', 'deleting', 'manage_starting', 'unmanage_starting', 'network_change',
                        'server_migrating', 'server_migrating_to') then 'transitional'
        when status = 'absent' then 'absent'
        else 'other'
    end
$$;

-- What an answer says of an entry that it refers to; null for no entry.
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

grant select on dossier.projections, dossier.servers, dossier.status_intervals to dossier_reader;
grant select, insert, update, delete on dossier.projections, dossier.servers, dossier.status_intervals
    to dossier_writer;
