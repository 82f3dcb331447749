import DatabaseTesting
import EmbeddedPostgres
import Foundation
import Postgres
import Testing

@testable import Schema

/// Several programs that start at once.
@Suite(.database, .timeLimit(.minutes(20))) struct ConcurrentMigrationTests {
    private let database = Database()

    @Test(
        "Of programs that migrate an empty database at once, one applies everything and the others nothing",
        arguments: [2, 8])
    func atOnce(count: Int) async throws {
        let url = database.url
        let applied = try await withThrowingTaskGroup(of: [Migration].self) { group in
            // Each wants other lanes: the log is that of the one that came first, wholly.
            for number in 1...count { group.addTask { try await Migration.migrate(url: url, lanes: Int16(number)) } }
            return try await group.reduce(into: [[Migration]]()) { $0.append($1) }
        }
        #expect(applied.filter { $0 == Migration.all }.count == 1)
        #expect(applied.filter(\.isEmpty).count == count - 1)
        #expect(try await database.applied() == Migration.all.map(\.name))
        let lanes = try await database.texts("SELECT lanes FROM dossier.log_settings")
        #expect(lanes.count == 1)
        #expect(try await database.texts("SELECT count(*) FROM dossier.log_heads") == lanes)
        #expect(try await database.texts("SELECT count(*) FROM dossier.redaction_key") == ["1"])
    }

    @Test("Of programs that bring an older database up to date at once, one applies what it lacks", arguments: [2, 8])
    func older(count: Int) async throws {
        let url = database.url
        try await Migration.migrate(url: url, migrations: Array(Migration.all.prefix(1)))
        let applied = try await withThrowingTaskGroup(of: [Migration].self) { group in
            for _ in 0..<count { group.addTask { try await Migration.migrate(url: url) } }
            return try await group.reduce(into: [[Migration]]()) { $0.append($1) }
        }
        #expect(applied.filter { $0 == Array(Migration.all.dropFirst()) }.count == 1)
        #expect(applied.filter(\.isEmpty).count == count - 1)
    }

    @Test("A program that comes while another migrates waits for it, and then finds nothing to do")
    func waiting() async throws {
        let url = database.url
        let first = try await Connection.open(url)
        try await first.run {
            try $0.execute("BEGIN; SELECT pg_advisory_xact_lock(hashtext('dossier.migrations'))")
            for migration in Migration.all { try $0.execute(migration.sql) }
        }
        let second = Task { try await Migration.migrate(url: url) }
        try await untilOneWaits()
        // Told by PostgreSQL: what SHA-256 makes of each migration.
        let rows = Migration.all.map {
            "INSERT INTO dossier.migrations VALUES (\($0.number), '\($0.name)', sha256(convert_to($sql$\($0.sql)$sql$, 'UTF8')))"
        }
        try await first.run { try $0.execute(rows.joined(separator: ";") + "; COMMIT") }
        await first.close()
        #expect(try await second.value == [])
    }

    @Test("When the program that migrates fails, the one that waits for it does the work")
    func takingOver() async throws {
        let url = database.url
        let first = try await Connection.open(url)
        try await first.run {
            try $0.execute("BEGIN; SELECT pg_advisory_xact_lock(hashtext('dossier.migrations'))")
            for migration in Migration.all { try $0.execute(migration.sql) }
        }
        let second = Task { try await Migration.migrate(url: url) }
        try await untilOneWaits()
        try await first.run { try $0.execute("ROLLBACK") }
        await first.close()
        #expect(try await second.value == Migration.all)
    }

    private func untilOneWaits() async throws {
        let deadline = ContinuousClock.now + .seconds(600)
        while try await database.texts(
            """
            SELECT count(*) FROM pg_locks
            WHERE locktype = 'advisory' AND NOT granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """) != ["1"]
        {
            try #require(ContinuousClock.now < deadline, "nobody waits")
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// A cluster of its own, in which nobody has made the roles.
    @Test("Databases of one fresh cluster that are migrated at once by a user without superuser rights share the roles")
    func freshCluster() async throws {
        let directory = try TestServer.temporaryDirectory()
        let server = try await EmbeddedPostgres.start(directory: directory + "/c", throwaway: true)
        do {
            let names = (1...6).map { "log\($0)" }
            let administrator = Database(url: server.url())
            try await administrator.execute("CREATE ROLE operator LOGIN CREATEROLE")
            for name in names { try await administrator.execute("CREATE DATABASE \(name) OWNER operator") }
            try await withThrowingTaskGroup(of: [Migration].self) { group in
                for name in names {
                    let url = server.url(database: name) + " user=operator"
                    group.addTask { try await Migration.migrate(url: url) }
                }
                for try await applied in group { #expect(applied == Migration.all) }
            }
            for name in names {
                let database = Database(url: server.url(database: name) + " user=operator")
                for role in ["dossier_writer", "dossier_reader"] {
                    #expect(try await database.state("SELECT FROM dossier.entries", as: role) == "done", "\(role)")
                }
            }
            await server.stop()
        } catch {
            await server.stop()
            throw error
        }
        try FileManager.default.removeItem(atPath: directory)
    }
}
