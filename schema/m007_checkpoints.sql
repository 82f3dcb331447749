-- What the log said of itself, signed: each checkpoint binds it for ever, for what is signed may have left the building.

-- note holds the exact text and the signatures that it was made with.
create table dossier.checkpoints (
    lane    smallint not null,
    size    bigint not null check (size >= 0),
    root    bytea not null check (octet_length(root) = 32),
    note    text not null,
    made_at timestamptz not null default clock_timestamp(),
    primary key (lane, size)
);

-- Signatures that came later: of witnesses, and of keys that took over. One of each signer: name+id.
create table dossier.checkpoint_signatures (
    lane    smallint not null,
    size    bigint not null,
    signer  text not null,
    line    text not null,
    made_at timestamptz not null default clock_timestamp(),
    primary key (lane, size, signer)
);

create index checkpoint_signatures_by_signer on dossier.checkpoint_signatures (lane, signer, size);

create trigger append_only before update or delete or truncate on dossier.checkpoints
    for each statement execute function dossier.refuse_change();
create trigger append_only before update or delete or truncate on dossier.checkpoint_signatures
    for each statement execute function dossier.refuse_change();

grant select on dossier.checkpoints, dossier.checkpoint_signatures to dossier_writer, dossier_reader;
grant insert on dossier.checkpoints, dossier.checkpoint_signatures to dossier_writer;
