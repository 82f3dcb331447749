-- The statements that give dossier_owner what is in the schemas and not its own yet: what migrations made, and what was
-- restored by somebody else. The schemas come first: whoever is given a table must be able to create in its schema.
-- returns: many
--   statement text
-- order: step, statement ascending
-- limit: none; one row an object, and few but in a database that comes from an older program
select statement
from (
    select 1 as step, format('alter schema %I owner to dossier_owner', nspname) as statement, nspowner as owner
    from pg_namespace
    where nspname in ('dossier', 'dossier_rebuild')
    union all
    select 2, format('alter table %s owner to dossier_owner', oid::regclass), relowner
    from pg_class
    where relnamespace in (to_regnamespace('dossier'), to_regnamespace('dossier_rebuild'))
        and relkind in ('r', 'p', 'v', 'm', 'f')
    union all
    select 3, format('alter routine %s owner to dossier_owner', oid::regprocedure), proowner
    from pg_proc
    where pronamespace in (to_regnamespace('dossier'), to_regnamespace('dossier_rebuild'))
) thing
where owner <> (select oid from pg_roles where rolname = 'dossier_owner')
order by step, statement
