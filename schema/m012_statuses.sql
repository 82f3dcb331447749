-- What a server was told to be, without the calls between: one that is read ten thousand times for each status would have
-- all of them looked through for its latest.
create index entries_by_status on dossier.entries (lane, server_id, occurred_at, position)
    where type = 'org.openstack.manila.share_server.status';
