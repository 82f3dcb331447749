import DatabaseTesting
import Foundation
import Postgres
import Testing

@testable import Schema

/// What applying the migrations makes of a database.
@Suite(.database) struct MigrationTests {
    private let database = Database()
    private let names = Migration.all.map(\.name)

    @Test("An empty database gets every migration, in order, with its checksum, and a log")
    func empty() async throws {
        let applied = try await Migration.migrate(url: database.url)
        #expect(applied.map(\.name) == names)
        #expect(applied.map(\.number) == Array(1...Int32(names.count)))
        #expect(try await database.applied() == names)
        // SHA-256 by PostgreSQL, of what was given to it.
        for migration in Migration.all {
            let sums = try await database.texts(
                """
                SELECT encode(sha256(convert_to($sql$\(migration.sql)$sql$, 'UTF8')), 'hex') = encode(checksum, 'hex')
                FROM dossier.migrations WHERE number = \(migration.number)
                """)
            #expect(sums == ["true"], "\(migration.name)")
        }
        #expect(try await database.texts("SELECT lanes FROM dossier.log_settings") == ["1"])
    }

    @Test("A database that is up to date is left as it is")
    func again() async throws {
        try await Migration.migrate(url: database.url, lanes: 2)
        let before = try await database.snapshot()
        #expect(try await Migration.migrate(url: database.url, lanes: 2) == [])
        #expect(try await Migration.migrate(url: database.url, lanes: 2) == [])
        #expect(try await database.snapshot() == before)
    }

    @Test("A database of an older program gets what it lacks and nothing else, and keeps its log")
    func older() async throws {
        let first = Array(Migration.all.prefix(1))
        #expect(try await Migration.migrate(url: database.url, lanes: 3, migrations: first) == first)
        try await database.execute(
            """
            INSERT INTO dossier.entries (lane, position, occurred_at, recorded_at, type, leaf_hash, body)
            VALUES (2, 0, now(), now(), 'org.example', '', 'kept')
            """)
        let key = try await database.texts("SELECT key FROM dossier.redaction_key")
        #expect(try await Migration.migrate(url: database.url) == Array(Migration.all.dropFirst()))
        #expect(try await database.applied() == names)
        #expect(try await database.texts("SELECT body FROM dossier.entries") == ["kept"])
        #expect(try await database.texts("SELECT key FROM dossier.redaction_key") == key)
        #expect(try await database.texts("SELECT count(*) FROM dossier.log_heads") == ["3"])
    }

    @Test("A database that came in steps is the same as one that came at once")
    func inSteps() async throws {
        for count in 1...Migration.all.count {
            try await Migration.migrate(url: database.url, migrations: Array(Migration.all.prefix(count)))
        }
        let steps = try await PostgresProgram.dump(database.url, ["--schema-only"])
        let whole = try await PostgresProgram.withDatabase { url in
            try await Migration.migrate(url: url)
            return try await PostgresProgram.dump(url, ["--schema-only"])
        }
        #expect(steps == whole)
        #expect(steps.contains("CREATE TABLE dossier.entries "))
    }

    @Test("What a database lacks is told: all of an empty one, the rest of an older one, nothing of a whole one")
    func pending() async throws {
        #expect(try await lacking() == names)
        try await Migration.migrate(url: database.url, migrations: Array(Migration.all.prefix(1)))
        #expect(try await lacking() == Array(names.dropFirst()))
        try await Migration.migrate(url: database.url)
        #expect(try await lacking() == [])
    }

    private func lacking() async throws -> [String] {
        let connection = try await Connection.open(database.url)
        let pending = try await connection.run { try Migration.pending(on: $0) }
        await connection.close()
        return pending.map(\.name)
    }

    @Test("A reader can find out what its database lacks")
    func pendingForReaders() async throws {
        try await Migration.migrate(url: database.url)
        let reader = try await Connection.open(database.url, setup: ["SET ROLE dossier_reader"])
        #expect(try await reader.run { try Migration.pending(on: $0) } == [])
        await reader.close()
    }

    @Test("The migrations are the files of the schema's folder, byte for byte")
    func files() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "schema")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "sql" }.sorted { $0.lastPathComponent < $1.lastPathComponent }
        #expect(files.map { $0.deletingPathExtension().lastPathComponent } == names)
        for (file, migration) in zip(files, Migration.all) {
            #expect(Array(migration.sql.utf8) == Array(try Data(contentsOf: file)), "\(migration.name)")
        }
    }
}
