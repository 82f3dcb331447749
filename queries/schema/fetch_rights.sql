-- What a user of this database is, and which of some roles it cannot become. It is powerful where it can change what is in
-- the log: as a superuser, as the owner, or by making itself a member of the owner.
-- $1 user text?  the session's own with null
-- $2 roles text[]
-- returns: optional
--   user_name text
--   can_login boolean
--   is_powerful boolean
--   lacking text[]
--   is_created boolean
select account.rolname::text as user_name, account.rolcanlogin as can_login,
    account.rolsuper or account.rolcreaterole
        or coalesce(pg_has_role(account.oid, (select oid from pg_roles where rolname = 'dossier_owner'), 'member'), false)
        or coalesce(pg_has_role(account.oid, (select nspowner from pg_namespace where nspname = 'dossier'), 'member'),
                    false)
    as is_powerful,
    array(
        select wanted.name from unnest($2::text[]) with ordinality as wanted (name, number)
        left join pg_roles role on role.rolname = wanted.name
        where role.oid is null or not pg_has_role(
            account.oid, role.oid,
            case when current_setting('server_version_num')::integer >= 160000 then 'set' else 'member' end)
        order by wanted.number
    ) as lacking,
    to_regnamespace('dossier') is not null as is_created
from pg_roles account
where account.rolname = coalesce($1::text, session_user)
