-- The statements that make the roles which this cluster lacks, and a login for the service that is a member of those it
-- works as. The login inherits nothing: it has no right before it has said as whom. Whoever runs them becomes a member
-- of the roles, to restore what they own.
-- $1 user text  the login of the service
-- $2 password text?  as the server keeps it; with null a login that is there keeps its own
-- $3 roles text[]  all that there have to be, in order
-- $4 own text[]  those of them that the login works as
-- returns: many
--   statement text
-- order: step, number ascending
-- limit: none; a few for each role
select statement
from (
    select 1 as step, number, format('create role %I nologin', wanted.name) as statement
    from unnest($3::text[]) with ordinality as wanted (name, number)
    where not exists (select from pg_roles where rolname = wanted.name)
    union all
    select 2, number, format('grant %I to %I', wanted.name, current_user)
    from unnest($3::text[]) with ordinality as wanted (name, number)
    left join pg_roles role on role.rolname = wanted.name
    where not (select rolsuper from pg_roles where rolname = current_user)
        and (role.oid is null or not pg_has_role(
            role.oid, case when current_setting('server_version_num')::integer >= 160000 then 'set' else 'member' end))
    union all
    -- As m010 has it.
    select 3, become.number, become.statement
    from (select current_setting('server_version_num')::integer >= 160000 as can_say_how) version
    cross join lateral (
        values (0, 'alter role dossier_reader noinherit', not can_say_how),
            (1, 'grant dossier_project_reader to dossier_reader', not can_say_how),
            (2, 'grant dossier_project_reader to dossier_reader with inherit false, set true', can_say_how)
    ) become (number, statement, is_wanted)
    where is_wanted and not exists (
        select from pg_auth_members
        where member = to_regrole('dossier_reader') and roleid = to_regrole('dossier_project_reader'))
    union all
    select 4, 0, case
        when exists (select from pg_roles where rolname = $1::text)
            then format('alter role %I password %L', $1::text, $2::text)
        else format('create role %I login noinherit', $1::text) || coalesce(' password ' || quote_literal($2::text), '') end
    where $2::text is not null or not exists (select from pg_roles where rolname = $1::text)
    union all
    select 5, number, format('grant %I to %I', wanted.name, $1::text)
    from unnest($4::text[]) with ordinality as wanted (name, number)
    left join pg_roles role on role.rolname = wanted.name
    left join pg_roles account on account.rolname = $1::text
    where role.oid is null or account.oid is null or not pg_has_role(
        account.oid, role.oid,
        case when current_setting('server_version_num')::integer >= 160000 then 'set' else 'member' end)
    union all
    select 6, 0, format('grant connect on database %I to %I', current_database(), $1::text)
    where not coalesce(has_database_privilege(
        coalesce((select oid from pg_roles where rolname = $1::text), 0), current_database(), 'connect'), false)
) lacking
order by step, number
