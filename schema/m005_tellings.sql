-- One call may be told by several sources: by whoever carried it, and by the audit in front of Manila. All tellings have
-- the request id that Manila gave it. They are all kept; what counts calls counts one of them.

-- What a call was sent to: the path from the API's version on, without its query, for prefixes differ from source to
-- source; and of the method what an audit can tell of it.
create function dossier.call_target(operation text, server_id uuid, data json) returns text
    language sql immutable parallel safe as
$$
    select case when upper(data ->> 'method') in ('GET', 'HEAD') then 'read ' when upper(data ->> 'method') = 'DELETE'
            then 'delete ' else 'write ' end
        || coalesce(rtrim(substring(data ->> 'path' from '/v2/[^?#]*'), '/'), concat(operation, ' ', server_id))
$$;

-- The tellings of the calls with one request id in a lane, out of what was appended before `known`, each with the one of
-- the same call that counts: one that has a status, then one of who carried the call, then by source, time and id. None
-- of it hangs on which came in first. What one source tells twice in one way are two calls, of which the first is the
-- first of every other source.
create function dossier.tellings(call_lane smallint, call_request text, known bigint)
    returns table ("position" bigint, counted_position bigint)
    language sql stable parallel safe as
$$
    select numbered.position, first_value(numbered.position) over (
        partition by target, number
        order by http_status is null, outcome <> '', source, occurred_at, id)
    from (
        select *, row_number() over (partition by target, source, outcome order by occurred_at, id) as number
        from (
            select entry.position, entry.http_status, entry.occurred_at, entry.body::json ->> 'source' as source,
                entry.body::json ->> 'id' as id, coalesce(entry.body::json -> 'data' ->> 'outcome', '') as outcome,
                dossier.call_target(entry.operation, entry.server_id, entry.body::json -> 'data') as target
            from dossier.entries entry
            where entry.request_id = call_request and entry.lane = call_lane and entry.position < known
                and entry.type = 'org.openstack.manila.share_server.call'
        ) told
    ) numbered
$$;

-- Whether a call is the telling that counts.
create function dossier.is_counted(call_lane smallint, call_position bigint, call_request text, known bigint)
    returns boolean
    language sql stable parallel safe as
$$
    select call_request is null
        or not exists (
            select from dossier.entries entry
            where entry.request_id = call_request and entry.lane = call_lane and entry.position <> call_position
                and entry.position < known and entry.type = 'org.openstack.manila.share_server.call')
        or exists (
            select from dossier.tellings(call_lane, call_request, known) telling
            where telling.position = call_position and telling.counted_position = call_position)
$$;

-- The other tellings of the call that one counts for, in the order of time; null where there are none.
create function dossier.told_again(call_lane smallint, call_position bigint, call_request text, known bigint)
    returns json
    language sql stable parallel safe as
$$
    select json_agg(json_strip_nulls(json_build_object(
            'lane', entry.lane, 'position', entry.position, 'source', entry.body::json ->> 'source',
            'at', to_char(entry.occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'operation', entry.operation, 'http_status', entry.http_status,
            'outcome', entry.body::json -> 'data' -> 'outcome', 'actor', entry.body::json -> 'data' -> 'actor'))
        order by entry.occurred_at, entry.position)
    from dossier.tellings(call_lane, call_request, known) telling
    join dossier.entries entry on entry.lane = call_lane and entry.position = telling.position
    where telling.counted_position = call_position and telling.position <> call_position
$$;
