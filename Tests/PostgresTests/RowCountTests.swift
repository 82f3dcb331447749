import DatabaseTesting
import Postgres
import Testing

@Suite(.database) struct RowCountTests {
    @Test("All rows come in their order", arguments: [0, 1, 2, 10_000])
    func all(count: Int64) async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let rows = try await connection.values(
            "SELECT n FROM generate_series(1, $1::int8) AS n ORDER BY n DESC", Bindings(of: count), as: Int64.self)
        #expect(rows == (0..<count).map { count - $0 })
    }

    @Test("The only row is told from none and from several")
    func only() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        func numbers(_ count: Int) -> Query<Int32> { .asked("SELECT generate_series(1, \(count))") }
        let (none, one, several) = (numbers(0), numbers(1), numbers(2))
        #expect(try await connection.run { try $0.fetchOptional(none) } == nil)
        #expect(try await connection.run { try $0.fetchOptional(one) } == 1)
        #expect(try await connection.run { try $0.fetchOne(one) } == 1)
        for body in [
            { @Sendable connection in try connection.fetchOne(none) },
            { @Sendable connection in try connection.fetchOne(several) },
            { @Sendable connection in try connection.fetchOptional(several) ?? 0 },
        ] as [@Sendable (isolated Connection) throws -> Int32] {
            let error = await #expect(throws: PostgresError.self) { try await connection.run(body) }
            #expect(error?.kind == .misuse)
            #expect(error?.description.contains("asked/value") == true)
        }
    }

    @Test("A command answers how many rows it touched")
    func touched() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let touched = try await connection.run { connection in
            [
                try connection.execute(.asked("CREATE TABLE kept (n int8)")),
                try connection.execute(.asked("INSERT INTO kept SELECT generate_series(1, 7)")),
                try connection.execute(.asked("UPDATE kept SET n = n WHERE n > $1", Bindings(of: Int64(5)))),
                try connection.execute(.asked("DELETE FROM kept WHERE n < 0")),
            ]
        }
        #expect(touched == [0, 7, 2, 0])
    }

    @Test("Several statements without parameters run in one go")
    func several() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        try await connection.command("CREATE TABLE kept (n int8); INSERT INTO kept VALUES (1), (2);")
        #expect(try await connection.value("SELECT count(*) FROM kept") == Int64(2))
    }

    @Test("The server describes a statement's parameters and columns")
    func described() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        try await connection.command("CREATE TABLE kept (n int8, words text[], at timestamptz)")
        let sql = "SELECT words, at AS moment FROM kept WHERE n = $1 AND words @> $2"
        try await connection.run { connection in
            let told = try connection.describe(Statement(name: "asked/described", sql: sql))
            // Source: PostgreSQL, src/include/catalog/pg_type.dat.
            #expect(told.parameters == [20, 1009])
            #expect(told.columns.map(\.name) == ["words", "moment"])
            #expect(told.columns.map(\.type) == [1009, 1184])
            let error = #expect(throws: PostgresError.self) {
                try connection.describe(Statement(name: "asked/unknown", sql: "SELECT nothing FROM kept"))
            }
            #expect(error?.sqlState == "42703")
            #expect(error?.description.contains("asked/unknown") == true)
        }
    }
}
