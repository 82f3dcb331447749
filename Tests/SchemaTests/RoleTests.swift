import DatabaseTesting
import EmbeddedPostgres
import Foundation
import Postgres
import Testing

@testable import Schema

/// The roles and the login that a cluster is given, each time in a cluster of its own: they belong to no database.
@Suite(.timeLimit(.minutes(20))) struct RoleTests {
    /// A cluster of which nothing is known to Dossier yet, and its superuser's view of its first database.
    private func withCluster(_ body: (EmbeddedPostgres, Database) async throws -> Void) async throws {
        let directory = try TestServer.temporaryDirectory()
        let server = try await EmbeddedPostgres.start(directory: directory + "/c", throwaway: true)
        do {
            try await body(server, Database(url: server.url()))
            await server.stop()
        } catch {
            await server.stop()
            throw error
        }
        try FileManager.default.removeItem(atPath: directory)
    }

    private func login(_ name: String, on server: EmbeddedPostgres, database: String = "postgres") -> Database {
        Database(url: server.url(database: database) + " user=\(name)")
    }

    private static let made = [
        "create role dossier_owner nologin", "create role dossier_writer nologin", "create role dossier_reader nologin",
        "create role dossier_project_reader nologin", "create role dossier_projector nologin",
        "alter role dossier_reader noinherit", "grant dossier_project_reader to dossier_reader",
        "create role audit login noinherit password '…'",
        "grant dossier_writer to audit", "grant dossier_reader to audit", "grant dossier_projector to audit",
    ]

    @Test("A cluster gets roles and login once, before there is a log; a dry run says which and makes none")
    func once() async throws {
        try await withCluster { server, administrator in
            let count = "SELECT count(*) FROM pg_roles WHERE rolname !~ '^pg_'"
            let before = try await administrator.texts(count)
            let dry = try await Role.make(url: server.url(), login: "audit", dryRun: true)
            #expect(dry.statements == Self.made)
            #expect(try await administrator.texts(count) == before)
            let made = try await Role.make(url: server.url(), login: "audit")
            #expect(made.statements == Self.made)
            #expect(try #require(made.password).count == 32)
            #expect(made.password != dry.password)
            let again = try await Role.make(url: server.url(), login: "audit")
            #expect(again == Role.Made(statements: [], password: nil))
            #expect(try await administrator.texts("SELECT to_regnamespace('dossier')") == ["null"])
            // A log that comes later finds the roles.
            try await Migration.migrate(url: server.url())
            #expect(
                try await login("audit", on: server).state("SELECT FROM dossier.entries", as: "dossier_reader")
                    == "done")
        }
    }

    @Test("A password is kept as PostgreSQL hides it, stands in no statement, and stays until another is given")
    func password() async throws {
        try await withCluster { server, administrator in
            let kept = "SELECT rolpassword FROM pg_authid WHERE rolname = 'audit'"
            let made = try await Role.make(url: server.url(), login: "audit", password: "first 'one'")
            #expect(made.password == nil)
            #expect(!made.statements.joined().contains("first"))
            let first = try await administrator.texts(kept)
            #expect(first[0].hasPrefix("SCRAM-SHA-256$"))
            _ = try await Role.make(url: server.url(), login: "audit")
            #expect(try await administrator.texts(kept) == first)
            let changed = try await Role.make(url: server.url(), login: "audit", password: "second")
            #expect(changed.statements == ["alter role audit password '…'"])
            #expect(try await administrator.texts(kept) != first)
        }
    }

    @Test("The login has no right of its own, those of three roles when it says as whom, and no way to the owner's")
    func rights() async throws {
        try await withCluster { server, _ in
            try await Migration.migrate(url: server.url(), partitionEntries: 1000)
            _ = try await Role.make(url: server.url(), login: "audit")
            let audit = login("audit", on: server)
            for statement in [
                "SELECT FROM dossier.entries", "SELECT dossier.create_partitions(9000)", "SET ROLE dossier_owner",
                "SET ROLE \(EmbeddedPostgres.user)", "SET SESSION AUTHORIZATION dossier_owner",
                "SET session_replication_role = replica", "GRANT dossier_owner TO audit", "ALTER ROLE audit SUPERUSER",
                "ALTER ROLE audit CREATEROLE", "DROP SCHEMA dossier CASCADE", "CREATE SCHEMA other",
                "ALTER ROLE dossier_owner LOGIN", "ALTER DATABASE postgres OWNER TO audit",
            ] {
                // insufficient_privilege
                #expect(try await audit.state(statement) == "42501", "\(statement)")
            }
            let statements: [(String, String)] = [
                ("dossier_writer", "SELECT dossier.create_partitions(5000)"),
                ("dossier_writer", "SELECT FROM dossier.log_heads FOR UPDATE"),
                (
                    "dossier_writer",
                    """
                    INSERT INTO dossier.log_entries (lane, position, occurred_at, recorded_at, type, leaf_hash, body)
                    VALUES (0, 4500, now(), now(), 'org.example', '', '')
                    """
                ),
                ("dossier_reader", "SELECT FROM dossier.entries, dossier.servers"),
                ("dossier_projector", "SELECT dossier.create_rebuild('servers')"),
                (
                    "dossier_projector",
                    "INSERT INTO dossier_rebuild.servers (lane, server_id) SELECT 0, gen_random_uuid()"
                ),
                (
                    "dossier_projector",
                    "SELECT dossier.create_rebuild_indexes('servers'), dossier.swap_rebuild('servers')"
                ),
                ("dossier_projector", "DELETE FROM dossier.servers"),
            ]
            for (role, statement) in statements {
                #expect(try await audit.state(statement, as: role) == "done", "\(statement)")
            }
            for (role, statement) in [
                ("dossier_projector", statements[2].1), ("dossier_reader", "SELECT FROM dossier.redaction_key"),
                ("dossier_projector", "SELECT FROM dossier.redaction_key"),
                ("dossier_writer", "SET ROLE dossier_owner"),
                ("dossier_writer", "ALTER TABLE dossier.entries DISABLE TRIGGER ALL"),
                ("dossier_writer", "DELETE FROM dossier.entries_p000004"),
                ("dossier_writer", "UPDATE dossier.servers SET status = 'active'"),
            ] {
                #expect(try await audit.state(statement, as: role) == "42501", "\(role): \(statement)")
            }
        }
    }

    @Test("Whoever could change the log, or may not log in, is no login for the service")
    func unfit() async throws {
        try await withCluster { server, administrator in
            try await Migration.migrate(url: server.url())
            try await administrator.execute(
                """
                CREATE ROLE maker LOGIN CREATEROLE; CREATE ROLE heir LOGIN; GRANT dossier_owner TO heir;
                CREATE ROLE silent NOLOGIN; CREATE ROLE plain LOGIN INHERIT
                """)
            for name in [EmbeddedPostgres.user, "maker", "heir", "silent", "dossier_writer", "dossier_owner"] {
                let refused = await refusal { () throws(SchemaError) in
                    _ = try await Role.make(url: server.url(), login: name, password: "p")
                }
                #expect(refused?.kind == "unfit \(name)")
            }
            let password = "SELECT rolpassword FROM pg_authid WHERE rolname = 'heir'"
            #expect(try await administrator.texts(password) == ["null"])
            let plain = try await Role.make(url: server.url(), login: "plain")
            #expect(plain.statements == Self.made.suffix(3).map { $0.replacing("audit", with: "plain") })
        }
    }

    @Test("An operator without superuser rights brings an older log up to date, with a rebuild under way, and goes on")
    func inPlace() async throws {
        try await withCluster { server, administrator in
            try await administrator.execute("CREATE ROLE operator LOGIN CREATEROLE")
            try await administrator.execute("CREATE DATABASE log OWNER operator")
            let operating = login("operator", on: server, database: "log")
            try await Migration.migrate(
                url: operating.url, lanes: 2, partitionEntries: 1000, migrations: Array(Migration.all.prefix(7)))
            try await operating.execute(
                """
                INSERT INTO dossier.entries (lane, position, occurred_at, recorded_at, type, leaf_hash, body)
                SELECT 0, n, now(), now(), 'org.example', '', n FROM generate_series(0, 1999) AS n
                """, as: "dossier_writer")
            try await operating.execute("SELECT dossier.create_rebuild('servers')", as: "dossier_writer")
            try await Migration.migrate(url: operating.url)
            let owners = """
                SELECT DISTINCT pg_get_userbyid(relowner)::text FROM pg_class
                WHERE relnamespace IN ('dossier'::regnamespace, 'dossier_rebuild'::regnamespace)
                """
            #expect(try await operating.texts(owners) == ["dossier_owner"])
            #expect(try await operating.texts("SELECT count(*) FROM dossier.entries") == ["2000"])
            let made = try await Role.make(url: operating.url, login: "audit")
            #expect(made.statements == Self.made.suffix(4))
            let audit = login("audit", on: server, database: "log")
            for (role, statement) in [
                ("dossier_writer", "SELECT dossier.create_partitions(5000)"),
                ("dossier_projector", "DELETE FROM dossier_rebuild.servers"),
                (
                    "dossier_projector",
                    "SELECT dossier.create_rebuild_indexes('servers'), dossier.swap_rebuild('servers')"
                ),
                ("dossier_reader", "SELECT FROM dossier.servers"),
            ] {
                #expect(try await audit.state(statement, as: role) == "done", "\(statement)")
            }
            #expect(try await audit.state("SELECT FROM dossier_rebuild.servers", as: "dossier_writer") == "42501")
            #expect(try await operating.texts(owners) == ["dossier_owner"])
            let more = Migration.extra("alter table dossier.servers add column more text")
            #expect(try await Migration.migrate(url: operating.url, migrations: Migration.all + [more]) == [more])
        }
    }

    @Test("Programs that make them at once in several databases of a cluster make them once")
    func atOnce() async throws {
        try await withCluster { server, administrator in
            try await administrator.execute("CREATE ROLE operator LOGIN CREATEROLE")
            let names = (1...4).map { "log\($0)" }
            for name in names { try await administrator.execute("CREATE DATABASE \(name) OWNER operator") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for name in names + names {
                    let url = server.url(database: name) + " user=operator"
                    group.addTask {
                        try await Migration.migrate(url: url)
                        _ = try await Role.make(url: url, login: "audit")
                    }
                }
                try await group.waitForAll()
            }
            let members = try await administrator.texts(
                """
                SELECT roleid::regrole::text FROM pg_auth_members WHERE member = 'audit'::regrole ORDER BY 1
                """)
            #expect(members == ["dossier_projector", "dossier_reader", "dossier_writer"])
            for name in names {
                let audit = login("audit", on: server, database: name)
                #expect(try await audit.state("SELECT FROM dossier.servers", as: "dossier_reader") == "done")
            }
        }
    }
}
