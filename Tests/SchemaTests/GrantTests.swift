import DatabaseTesting
import Postgres
import Testing

@testable import Schema

/// Who may do what.
@Suite(.database) struct GrantTests {
    private let database = Database()

    /// Source: design, "Append-only is enforced in the database"; the writer appends and moves heads, a reader reads,
    /// and only the writer needs the key. Projections are the projector's to change: they can be rebuilt. Of the log it
    /// reads entries and heads.
    private static let tables: [String: (writer: String, reader: String, projector: String)] = [
        "entries": ("SELECT", "SELECT", "SELECT"), "log_entries": ("INSERT", "", ""),
        "event_keys": ("INSERT SELECT", "SELECT", ""),
        "subtrees": ("INSERT SELECT", "SELECT", ""), "log_heads": ("SELECT UPDATE", "SELECT", "SELECT"),
        "log_settings": ("SELECT", "SELECT", ""), "entry_partitions": ("SELECT", "SELECT", ""),
        "migrations": ("SELECT", "SELECT", ""), "redaction_key": ("SELECT", "", ""),
        "checkpoints": ("INSERT SELECT", "SELECT", ""), "checkpoint_signatures": ("INSERT SELECT", "SELECT", ""),
        "projections": ("", "SELECT", "INSERT SELECT UPDATE"), "projection_tables": ("", "SELECT", ""),
        "servers": ("", "SELECT", "DELETE INSERT SELECT UPDATE"),
        "status_intervals": ("", "SELECT", "DELETE INSERT SELECT UPDATE"),
        "error_episodes": ("", "SELECT", "DELETE INSERT SELECT UPDATE"),
        "call_stats": ("", "SELECT", "DELETE INSERT SELECT UPDATE"),
        "server_calls": ("", "SELECT", "DELETE INSERT SELECT UPDATE"),
        "coverage": ("", "SELECT", "DELETE INSERT SELECT UPDATE"),
        "server_sources": ("", "SELECT", "DELETE INSERT SELECT UPDATE"),
        "tokens": ("SELECT", "", ""), "token_uses": ("INSERT SELECT UPDATE", "", ""),
    ]

    /// What a reader of some projects reads: what is restricted to rows of theirs, how far the log has come, and hashes.
    private static let projectTables = [
        "servers", "status_intervals", "error_episodes", "call_stats", "server_calls", "coverage", "server_sources",
        "entries", "log_heads", "projections", "projection_tables", "subtrees",
    ]

    @Test("On every table each role has exactly the rights that it needs, and nobody else has any")
    func tables() async throws {
        try await Migration.migrate(url: database.url, partitionEntries: 1000)
        let granted = try await database.texts(
            """
            SELECT c.relname || ' ' || grantee::regrole || ' ' || string_agg(privilege_type, ' ' ORDER BY privilege_type)
            FROM pg_class c, aclexplode(relacl) WHERE relnamespace = 'dossier'::regnamespace AND grantee <> relowner
            GROUP BY c.relname, grantee ORDER BY 1
            """)
        var expected: [String] = []
        for (table, rights) in Self.tables {
            for (role, rights) in [
                ("writer", rights.writer), ("reader", rights.reader), ("projector", rights.projector),
            ] where !rights.isEmpty {
                expected.append("\(table) dossier_\(role) \(rights)")
            }
        }
        expected += Self.projectTables.map { "\($0) dossier_project_reader SELECT" }
        #expect(granted.sorted() == expected.sorted())
        let passedOn = try await database.texts(
            """
            SELECT c.relname FROM pg_class c, aclexplode(relacl)
            WHERE relnamespace = 'dossier'::regnamespace AND grantee <> relowner AND is_grantable
            """)
        #expect(passedOn == [])
    }

    @Test("No right is granted on single columns, on the schema beyond its use, or for what is created later")
    func others() async throws {
        try await Migration.migrate(url: database.url, partitionEntries: 1000)
        #expect(
            try await database.texts(
                """
                SELECT attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
                WHERE relnamespace = 'dossier'::regnamespace AND attacl IS NOT NULL
                """) == [])
        #expect(
            try await database.texts(
                """
                SELECT nspname || ' ' || grantee::regrole || ' ' || privilege_type FROM pg_namespace, aclexplode(nspacl)
                WHERE nspname IN ('dossier', 'dossier_rebuild') AND grantee <> nspowner ORDER BY 1
                """) == [
                    "dossier dossier_project_reader USAGE", "dossier dossier_projector USAGE",
                    "dossier dossier_reader USAGE", "dossier dossier_writer USAGE",
                    "dossier_rebuild dossier_projector USAGE",
                ])
        #expect(try await database.texts("SELECT oid FROM pg_default_acl") == [])
        // A new sort of thing in the schema needs a line here.
        #expect(
            try await database.texts(
                "SELECT DISTINCT relkind FROM pg_class WHERE relnamespace = 'dossier'::regnamespace ORDER BY 1")
                == ["I", "i", "p", "r"])
    }

    @Test("The functions that change the log are the owner's, but that a writer may have partitions made")
    func functions() async throws {
        try await Migration.migrate(url: database.url, partitionEntries: 1000)
        let granted = try await database.texts(
            """
            SELECT proname || ' ' || CASE grantee WHEN 0 THEN 'public' ELSE grantee::regrole::text END
            FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner)))
            WHERE pronamespace = 'dossier'::regnamespace AND grantee <> proowner ORDER BY 1
            """)
        #expect(
            granted == [
                "appeared public",
                "call_host public",
                "call_target public",
                "chain public",
                "changed_since public",
                "coverage_since public",
                "create_partitions dossier_writer",
                "create_rebuild dossier_projector",
                "create_rebuild_indexes dossier_projector",
                "declared_watch public",
                "episodes public",
                "is_counted public",
                "known_coverage public",
                "known_episodes public",
                "known_identifier public",
                "known_visits public",
                "latency_bucket public",
                "leads_to public",
                "leaf_hashes dossier_project_reader",
                "leaf_hashes dossier_reader",
                "leaf_hashes dossier_writer",
                "lock_projections dossier_projector",
                "manila_time public",
                "merge public",
                "microseconds public",
                "own_projects public",
                "own_servers public",
                "own_sources public",
                "pieces public",
                "recorded_at dossier_project_reader",
                "recorded_at dossier_projector",
                "recorded_at dossier_reader",
                "recorded_at dossier_writer",
                "refuse_change public",
                "remove_rebuild dossier_projector",
                "sizes_at dossier_project_reader",
                "sizes_at dossier_reader",
                "sizes_at dossier_writer",
                "status_class public",
                "stays public",
                "summary public",
                "swap_rebuild dossier_projector",
                "tellings public",
                "told_again public",
                "told_sources public",
                "visits public",
                "watched public",
            ])
        // What runs with its owner's rights must not be led to others' objects by the caller's search path.
        #expect(
            try await database.texts(
                """
                SELECT proname || ' ' || array_to_string(proconfig, ' ') FROM pg_proc
                WHERE pronamespace = 'dossier'::regnamespace AND prosecdef ORDER BY 1
                """)
                == [
                    "create_partitions", "create_rebuild", "create_rebuild_indexes", "leaf_hashes",
                    "lock_projections", "recorded_at", "remove_rebuild", "sizes_at", "swap_rebuild",
                ].map { "\($0) search_path=pg_catalog, pg_temp" })
    }

    private static let roles =
        "'dossier_owner', 'dossier_writer', 'dossier_reader', 'dossier_project_reader', 'dossier_projector'"

    @Test("The roles can do nothing beside: no login, no attributes, no membership in other roles")
    func roles() async throws {
        try await Migration.migrate(url: database.url, partitionEntries: 1000)
        let roles = try await database.texts(
            """
            SELECT rolname || ' ' || (rolcanlogin OR rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication
                OR rolbypassrls)
            FROM pg_roles WHERE rolname IN (\(Self.roles)) ORDER BY 1
            """)
        #expect(
            roles == [
                "dossier_owner false", "dossier_project_reader false", "dossier_projector false",
                "dossier_reader false",
                "dossier_writer false",
            ])
        #expect(
            try await database.texts(
                """
                SELECT roleid::regrole FROM pg_auth_members
                WHERE member IN (SELECT oid FROM pg_roles WHERE rolname IN (\(Self.roles)))
                """) == ["dossier_project_reader"])
        // A reader of all may become one of some, and is not one by the way.
        #expect(
            try await database.texts(
                "SELECT pg_has_role('dossier_reader', 'dossier_project_reader', 'usage')") == ["false"])
    }

    /// Of what belongs to a table PostgreSQL keeps no owner of its own.
    private static let strays = """
        SELECT relname::text FROM pg_class JOIN pg_roles owner ON owner.oid = relowner
        WHERE relnamespace IN ('dossier'::regnamespace, 'dossier_rebuild'::regnamespace)
            AND rolname <> 'dossier_owner'
        UNION ALL SELECT proname FROM pg_proc JOIN pg_roles owner ON owner.oid = proowner
        WHERE pronamespace IN ('dossier'::regnamespace, 'dossier_rebuild'::regnamespace)
            AND rolname <> 'dossier_owner'
        UNION ALL SELECT typname FROM pg_type JOIN pg_roles owner ON owner.oid = typowner
        WHERE typnamespace IN ('dossier'::regnamespace, 'dossier_rebuild'::regnamespace)
            AND rolname <> 'dossier_owner'
        UNION ALL SELECT nspname FROM pg_namespace JOIN pg_roles owner ON owner.oid = nspowner
        WHERE nspname LIKE 'dossier%' AND rolname <> 'dossier_owner'
        """

    @Test("All in the schemas is the owner's: partitions and rebuilt tables that come later, and more migrations")
    func owned() async throws {
        try await Migration.migrate(url: database.url, partitionEntries: 1000)
        #expect(try await database.texts(Self.strays) == [])
        try await database.execute("SELECT dossier.create_partitions(5000)", as: "dossier_writer")
        try await database.execute("SELECT dossier.create_rebuild('servers')", as: "dossier_projector")
        #expect(try await database.texts(Self.strays) == [])
        try await database.execute(
            "SELECT dossier.create_rebuild_indexes('servers'), dossier.swap_rebuild('servers')",
            as: "dossier_projector")
        #expect(try await database.texts(Self.strays) == [])
        let more = Migration.extra(
            "create table dossier.extra (); create function dossier.more() returns int language sql as 'select 1'")
        try await database.execute(more.sql)
        #expect(try await database.texts(Self.strays).sorted() == ["_extra", "extra", "extra", "more"])
        try await database.execute("drop table dossier.extra; drop function dossier.more()")
        try await Migration.migrate(url: database.url, migrations: Migration.all + [more])
        #expect(try await database.texts(Self.strays) == [])
    }

    @Test(
        "What a role has no right to is refused",
        arguments: ["dossier_writer", "dossier_reader", "dossier_projector"])
    func refused(role: String) async throws {
        try await Migration.migrate(url: database.url, partitionEntries: 1000)
        var statements = [
            "CREATE TABLE dossier.other ()", "DROP TABLE dossier.entries", "DROP SCHEMA dossier CASCADE",
            "ALTER TABLE dossier.entries DISABLE TRIGGER ALL",
            "ALTER TABLE dossier.log_entries DETACH PARTITION dossier.entries_p000000",
            "DROP TRIGGER append_only ON dossier.entries", "SET session_replication_role = replica",
            "SELECT dossier.create_log(9::smallint, 1000::bigint)", "SELECT FROM dossier.entries_p000000",
            "INSERT INTO dossier.entries_p000000 SELECT * FROM dossier.entries",
            "INSERT INTO dossier.log_heads (lane, root) VALUES (7, '')", "DELETE FROM dossier.log_heads",
            "UPDATE dossier.entries SET body = body", "DELETE FROM dossier.entries", "TRUNCATE dossier.entries",
            "ALTER FUNCTION dossier.refuse_change() OWNER TO \(role)",
            "CREATE TABLE dossier_rebuild.other ()", "CREATE SCHEMA more", "CREATE ROLE more",
            "ALTER TABLE dossier.servers OWNER TO \(role)",
            "UPDATE dossier.migrations SET checksum = ''", "DELETE FROM dossier.migrations",
            "INSERT INTO dossier.log_settings (lanes, partition_entries) VALUES (1, 1000)",
            "INSERT INTO dossier.entry_partitions VALUES (5000, 6000, 'x')", "TRUNCATE dossier.servers",
            """
            INSERT INTO dossier.tokens (id, name, role, secret_hash) VALUES ('0000000000000000', 'x', 'admin', sha256(''))
            """,
            "UPDATE dossier.tokens SET revoked_at = null", "DELETE FROM dossier.tokens",
            "DELETE FROM dossier.token_uses",
            "CREATE OR REPLACE FUNCTION dossier.refuse_change() RETURNS trigger LANGUAGE sql AS ''",
        ]
        if role != "dossier_projector" {
            statements += [
                "DELETE FROM dossier.servers", "UPDATE dossier.projections SET version = 9",
                "SELECT dossier.create_rebuild('servers')", "SELECT dossier.swap_rebuild('servers')",
                "SELECT dossier.lock_projections()", "SELECT dossier.remove_rebuild('servers')",
            ]
        }
        if role != "dossier_writer" {
            statements += [
                "INSERT INTO dossier.event_keys SELECT * FROM dossier.event_keys",
                "INSERT INTO dossier.checkpoints SELECT * FROM dossier.checkpoints",
            ]
        }
        if role != "dossier_writer" {
            statements += [
                "SELECT FROM dossier.redaction_key", "SELECT FROM dossier.tokens", "SELECT FROM dossier.token_uses",
                "SELECT FROM dossier.log_heads FOR UPDATE",
                "UPDATE dossier.log_heads SET size = 1", "SELECT dossier.create_partitions(9000)",
                "INSERT INTO dossier.entries SELECT * FROM dossier.entries",
            ]
        }
        for statement in statements {
            // insufficient_privilege
            #expect(try await database.state(statement, as: role) == "42501", "\(statement)")
        }
    }
}
