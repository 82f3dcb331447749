import DatabaseTesting
import Testing

@testable import Schema

/// Asking what a migration would do.
@Suite(.database) struct DryRunTests {
    private let database = Database()

    @Test("A dry run of an empty database lists every migration and changes nothing")
    func empty() async throws {
        let before = try await database.snapshot()
        #expect(try await Migration.migrate(url: database.url, dryRun: true) == Migration.all)
        #expect(try await database.snapshot() == before)
        #expect(try await database.texts("SELECT to_regnamespace('dossier')") == ["null"])
        #expect(try await Migration.migrate(url: database.url) == Migration.all)
    }

    @Test("A dry run of an older database lists what it lacks and changes nothing")
    func older() async throws {
        try await Migration.migrate(url: database.url, migrations: Array(Migration.all.prefix(1)))
        let before = try await database.snapshot()
        #expect(try await Migration.migrate(url: database.url, dryRun: true) == Array(Migration.all.dropFirst()))
        #expect(try await database.snapshot() == before)
    }

    @Test("A dry run of a database that is up to date lists nothing and changes nothing")
    func whole() async throws {
        try await Migration.migrate(url: database.url)
        let before = try await database.snapshot()
        #expect(try await Migration.migrate(url: database.url, dryRun: true) == [])
        #expect(try await database.snapshot() == before)
    }

    @Test("A dry run finds the migration that would fail, and changes nothing")
    func failing() async throws {
        let before = try await database.snapshot()
        let bad = Migration.extra("select 1 / 0")
        let refused = await refusal { () throws(SchemaError) in
            try await Migration.migrate(url: database.url, dryRun: true, migrations: Migration.all + [bad])
        }
        // division_by_zero
        #expect(refused?.kind == "failed \(bad.name) 22012")
        #expect(try await database.snapshot() == before)
    }
}
