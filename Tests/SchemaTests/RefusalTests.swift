import DatabaseTesting
import Postgres
import Testing

@testable import Schema

/// Databases that this program must leave alone.
@Suite(.database) struct RefusalTests {
    private let database = Database()

    private func migrate(
        _ migrations: [Migration] = Migration.all, dryRun: Bool = false
    ) async -> (kind: String, error: SchemaError)? {
        await refusal { () throws(SchemaError) in
            try await Migration.migrate(url: database.url, dryRun: dryRun, migrations: migrations)
        }
    }

    @Test(
        "A migration whose recorded checksum is another is refused by name, and nothing is touched", arguments: [0, 1])
    func recordedChecksum(index: Int) async throws {
        try await Migration.migrate(url: database.url)
        let name = Migration.all[index].name
        try await database.execute(
            "UPDATE dossier.migrations SET checksum = sha256(checksum) WHERE number = \(index + 1)")
        let before = try await database.snapshot()
        for dryRun in [false, true] {
            let (kind, error) = try #require(await migrate(dryRun: dryRun))
            #expect(kind == "changed \(name)")
            #expect("\(error)".contains(name))
            #expect("\(error)".contains("restore its file"))
            #expect("\(error)".contains("new migration"))
        }
        #expect(try await database.snapshot() == before)
    }

    @Test(
        "A program whose old migration reads differently is refused by name, and applies nothing new",
        arguments: [0, 1])
    func changedStatements(index: Int) async throws {
        try await Migration.migrate(url: database.url)
        var migrations = Migration.all
        let old = migrations[index]
        // A comment is a change, too: the file is not what was applied.
        migrations[index] = Migration(number: old.number, name: old.name, sql: old.sql + "-- And more.\n")
        migrations.append(.extra("create table dossier.extra ()"))
        let before = try await database.snapshot()
        #expect(await migrate(migrations)?.kind == "changed \(old.name)")
        #expect(try await database.snapshot() == before)
    }

    @Test("A database that is newer than the program is refused by the migration's name, and nothing is touched")
    func newer() async throws {
        let newer = Migration.all + [.extra("create table dossier.extra ()")]
        #expect(try await Migration.migrate(url: database.url, migrations: newer).count == newer.count)
        let before = try await database.snapshot()
        let (kind, error) = try #require(await migrate())
        #expect(kind == "unknown \(Migration.extraName)")
        #expect("\(error)".contains(Migration.extraName))
        #expect("\(error)".contains("newer program"))
        let connection = try await Connection.open(database.url)
        await #expect(throws: SchemaError.self) { try await connection.run { try Migration.pending(on: $0) } }
        await connection.close()
        #expect(try await database.snapshot() == before)
    }

    @Test("A migration that fails is named, and leaves nothing of itself or of those before it")
    func failing() async throws {
        let sql = "create table dossier.extra (); insert into dossier.absent values (1); create table dossier.more ()"
        let count = Int32(Migration.all.count)
        let good = Migration(number: count + 1, name: "m998_good", sql: "create table dossier.good ()")
        let bad = Migration(number: count + 2, name: Migration.extraName, sql: sql)
        for isEmpty in [true, false] {
            if !isEmpty { try await Migration.migrate(url: database.url) }
            let before = try await database.snapshot()
            let (kind, error) = try #require(await migrate(Migration.all + [good, bad]))
            // undefined_table
            #expect(kind == "failed \(Migration.extraName) 42P01")
            #expect("\(error)".contains(Migration.extraName))
            #expect("\(error)".contains("dossier.absent"))
            #expect(try await database.snapshot() == before)
        }
        #expect(try await database.applied() == Migration.all.map(\.name))
        #expect(await migrate() == nil)
    }

    @Test("Whoever may not create schemas is told what right is missing, and leaves nothing behind")
    func withoutRights() async throws {
        let role = "nobody_\(UInt64.random(in: 0...UInt64.max))"
        try await database.execute("CREATE ROLE \(role) LOGIN")
        let before = try await database.snapshot()
        let (kind, error) = try #require(
            await refusal { () throws(SchemaError) in
                try await Migration.migrate(url: database.url + " options='-c role=\(role)'")
            })
        // insufficient_privilege
        #expect(kind == "failed m001_log 42501")
        #expect("\(error)".contains("m001_log"))
        #expect("\(error)".contains("may create schemas and roles"))
        #expect(try await database.snapshot() == before)
        try await database.execute("DROP ROLE \(role)")
    }

    @Test("A database that is not there is told from one that refuses")
    func absent() async throws {
        let (kind, error) = try #require(
            await refusal { () throws(SchemaError) in
                try await Migration.migrate(url: database.url + " dbname=absent")
            })
        #expect(kind == "database away")
        #expect("\(error)".contains("absent"))
    }
}

extension Migration {
    static let extraName = "m999_extra"

    /// One more than this program has.
    static func extra(_ sql: String) -> Migration {
        Migration(number: Int32(all.count + 1), name: extraName, sql: sql)
    }
}
