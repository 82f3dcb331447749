-- Entries, with their index columns, in binary.
-- returns: copy in
copy dossier.log_entries (lane, position, occurred_at, recorded_at, server_id, http_status, type, operation, status,
    request_id, actor_user_id, project_id, host, leaf_hash, body) from stdin (format binary)
