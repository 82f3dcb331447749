-- The keys of appended events, in binary.
-- returns: copy in
copy dossier.event_keys (event_key, lane, position, content_hash) from stdin (format binary)
