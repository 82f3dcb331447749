import DatabaseTesting
import Postgres
import Testing

@testable import Schema

/// What is fixed when the log is created.
@Suite(.database) struct LogCreationTests {
    private let database = Database()

    @Test(
        "A log has as many lanes as it is created with, each with the head of an empty tree",
        arguments: [1, 2, 7, 1024] as [Int16])
    func lanes(lanes: Int16) async throws {
        try await Migration.migrate(url: database.url, lanes: lanes)
        #expect(try await database.texts("SELECT lanes FROM dossier.log_settings") == ["\(lanes)"])
        let heads = try await database.texts(
            "SELECT lane || ' ' || size || ' ' || octet_length(frontier) || ' ' || recorded_at FROM dossier.log_heads ORDER BY lane"
        )
        #expect(heads == (0..<lanes).map { "\($0) 0 0 -infinity" })
        // SHA-256 of nothing. Source: RFC 6962, section 2.1.
        #expect(
            try await database.texts("SELECT DISTINCT encode(root, 'hex') FROM dossier.log_heads")
                == ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"])
    }

    @Test("Other lanes or partitions asked for later are disregarded")
    func fixed() async throws {
        try await Migration.migrate(url: database.url, lanes: 3, partitionEntries: 5000)
        let before = try await database.snapshot()
        for lanes in [1, 4, 1024] as [Int16] {
            #expect(try await Migration.migrate(url: database.url, lanes: lanes, partitionEntries: 2000) == [])
        }
        #expect(try await database.snapshot() == before)
        let settings = try await database.texts("SELECT lanes || ' ' || partition_entries FROM dossier.log_settings")
        #expect(settings == ["3 5000"])
    }

    @Test(
        "A number of lanes or a size of partitions out of range is refused, and nothing is created",
        arguments: [(0, 1000), (-1, 1000), (1025, 1000), (Int16.max, 1000), (1, 999), (1, 0), (1, -1)]
            as [(Int16, Int64)])
    func outOfRange(lanes: Int16, partitionEntries: Int64) async throws {
        let before = try await database.snapshot()
        let refused = await refusal { () throws(SchemaError) in
            try await Migration.migrate(url: database.url, lanes: lanes, partitionEntries: partitionEntries)
        }
        // check_violation
        #expect(refused?.kind == "database 23514")
        #expect(try await database.snapshot() == before)
    }

    @Test("Every log has a redaction key of 32 bytes of its own")
    func redactionKey() async throws {
        try await Migration.migrate(url: database.url)
        let key = try await database.texts("SELECT encode(key, 'hex') FROM dossier.redaction_key")
        #expect(key.map(\.count) == [64])
        try await PostgresProgram.withDatabase { url in
            try await Migration.migrate(url: url)
            #expect(try await Database(url: url).texts("SELECT encode(key, 'hex') FROM dossier.redaction_key") != key)
        }
    }

    @Test("What was fixed can neither be changed nor removed, nor be fixed twice")
    func unchangeable() async throws {
        try await Migration.migrate(url: database.url, lanes: 2)
        for table in ["log_settings", "redaction_key"] {
            // raise_exception
            #expect(try await database.state("UPDATE dossier.\(table) SET only_row = true") == "P0001")
            #expect(try await database.state("DELETE FROM dossier.\(table)") == "P0001")
            #expect(try await database.state("TRUNCATE dossier.\(table)") == "P0001")
        }
        #expect(try await database.state("DELETE FROM dossier.log_heads WHERE lane = 1") == "P0001")
        #expect(try await database.state("TRUNCATE dossier.log_heads") == "P0001")
        // unique_violation, check_violation
        let settings = "INSERT INTO dossier.log_settings (only_row, lanes, partition_entries) VALUES"
        #expect(try await database.state("\(settings) (true, 3, 1000)") == "23505")
        #expect(try await database.state("\(settings) (false, 3, 1000)") == "23514")
        #expect(try await database.state("INSERT INTO dossier.redaction_key (key) VALUES (sha256(''))") == "23505")
    }
}
