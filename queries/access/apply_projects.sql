-- Says until the end of the transaction which projects it is for: nothing else is shown to a reader of some projects.
-- $1 projects text[]
-- returns: one
--   projects text
select set_config('dossier.projects', $1::text[]::text, true) as projects
