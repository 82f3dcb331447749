import DatabaseTesting
import Postgres
import Testing

@Suite(.database) struct CopyFailureTests {
    private struct GivenUp: Error {}

    /// A connection to a database with an empty table `kept`.
    private func connection() async throws -> Connection {
        let connection = try await Connection.open(DatabaseTrait.url)
        try await connection.command("CREATE TABLE kept (n int8 PRIMARY KEY CHECK (n <> 13))")
        return connection
    }

    private func copyIn(
        _ numbers: some Sequence<Int64> & Sendable, failing: Bool = false,
        sql: String = "COPY kept FROM STDIN (FORMAT binary)", on connection: Connection
    ) async throws -> Int {
        try await connection.run { connection in
            try connection.copyIn(Copy(statement: Statement(name: "asked/copy", sql: sql))) { connection in
                var rows = CopyWriter()
                for number in numbers {
                    rows.beginRow(fields: 1)
                    rows.append(number)
                    if rows.count > 1_000 { try connection.copyData(&rows) }
                }
                if failing { throw GivenUp() }
                try connection.copyData(&rows)
            }
        }
    }

    private func expectEmptyAndUsable(_ connection: Connection) async throws {
        #expect(try await connection.value("SELECT count(*) FROM kept") == Int64(0))
        #expect(try await copyIn([1, 2], on: connection) == 2)
        #expect(try await connection.values("SELECT n FROM kept ORDER BY n") == [Int64(1), 2])
    }

    @Test("A COPY that is given up half way leaves nothing, and the connection goes on", arguments: [0, 10, 50_000])
    func givenUp(count: Int64) async throws {
        let connection = try await connection()
        await #expect(throws: GivenUp.self) { try await copyIn(100..<100 + count, failing: true, on: connection) }
        try await expectEmptyAndUsable(connection)
    }

    @Test("A COPY of a row that the server refuses leaves nothing, and tells why", arguments: [20, 50_000])
    func refused(count: Int64) async throws {
        let connection = try await connection()
        let check = await #expect(throws: PostgresError.self) { try await copyIn(0..<count, on: connection) }
        #expect(check?.sqlState == "23514")
        #expect(check?.description.contains("asked/copy") == true)
        let twice = await #expect(throws: PostgresError.self) {
            try await copyIn(Array(100..<100 + count) + [100], on: connection)
        }
        #expect(twice?.sqlState == "23505")
        try await expectEmptyAndUsable(connection)
    }

    @Test("A COPY of what is no binary COPY is refused, and the connection goes on")
    func junk() async throws {
        let connection = try await connection()
        let statement = Statement(name: "asked/copy", sql: "COPY kept FROM STDIN (FORMAT binary)")
        let error = await #expect(throws: PostgresError.self) {
            try await connection.run { connection in
                try connection.copyIn(Copy(statement: statement)) { connection in
                    try Array("this is no binary COPY at all".utf8).withUnsafeBytes { try connection.copyData($0) }
                }
            }
        }
        // Source: PostgreSQL documentation, appendix A: bad_copy_file_format.
        #expect(error?.sqlState == "22P04")
        try await expectEmptyAndUsable(connection)
    }

    @Test(
        "A statement that is no COPY in this direction is a misuse, and the connection goes on",
        arguments: ["SELECT 1", "CREATE TABLE other (n int8)", "COPY (SELECT 1) TO STDOUT"])
    func wrongDirectionIn(sql: String) async throws {
        let connection = try await connection()
        let error = await #expect(throws: PostgresError.self) { try await copyIn([1], sql: sql, on: connection) }
        #expect(error?.kind == .misuse, "\(String(describing: error))")
        try await expectEmptyAndUsable(connection)
    }

    @Test(
        "A statement that gives no COPY out is a misuse, and the connection goes on",
        arguments: ["SELECT 1", "CREATE TABLE other (n int8)", "COPY kept FROM STDIN"])
    func wrongDirectionOut(sql: String) async throws {
        let connection = try await connection()
        let copy = Copy(statement: Statement(name: "asked/copy", sql: sql))
        let error = await #expect(throws: PostgresError.self) {
            try await connection.run { try await $0.copyOut(copy) { _ in } }
        }
        #expect(error?.kind == .misuse, "\(String(describing: error))")
        try await expectEmptyAndUsable(connection)
    }

    @Test("A COPY into a table that is not there is refused")
    func noTable() async throws {
        let connection = try await connection()
        let error = await #expect(throws: PostgresError.self) {
            try await copyIn([1], sql: "COPY nowhere FROM STDIN (FORMAT binary)", on: connection)
        }
        #expect(error?.sqlState == "42P01")
        try await expectEmptyAndUsable(connection)
    }

    @Test("A reader of a COPY that gives up ends it, however much there is still to come", .timeLimit(.minutes(20)))
    func readerGivesUp() async throws {
        let connection = try await connection()
        let sql = "COPY (SELECT generate_series(1, 1000000000000)) TO STDOUT"
        await #expect(throws: GivenUp.self) {
            try await connection.run { connection in
                try await connection.copyOut(Copy(statement: Statement(name: "asked/copy", sql: sql))) { _ in
                    throw GivenUp()
                }
            }
        }
        try await expectEmptyAndUsable(connection)
    }

    @Test("An error of the server half way through a COPY out is told after the rows before it")
    func serverFailsOut() async throws {
        let connection = try await connection()
        let sql = "COPY (SELECT 1 / (500 - n) FROM generate_series(1, 1000) AS n) TO STDOUT"
        try await connection.run { connection in
            var rows = 0
            let error = await #expect(throws: PostgresError.self) {
                try await connection.copyOut(Copy(statement: Statement(name: "asked/copy", sql: sql))) { _ in rows += 1
                }
            }
            #expect(error?.sqlState == "22012")
            #expect(error?.description.contains("asked/copy") == true)
            #expect(rows <= 499)
        }
        try await expectEmptyAndUsable(connection)
    }

    @Test("A cancelled task ends its COPY, also while the server does not take the rows", .timeLimit(.minutes(20)))
    func cancelled() async throws {
        let connection = try await connection()
        let observer = try await Connection.open(DatabaseTrait.url)
        try await connection.command(
            """
            CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql
            AS $$BEGIN PERFORM pg_sleep(CASE WHEN NEW.n = 50 THEN 3600 ELSE 0 END); RETURN NEW; END$$;
            CREATE TRIGGER waiting BEFORE INSERT ON kept FOR EACH ROW EXECUTE FUNCTION wait();
            """)
        let task = Task { try await copyIn(20..<100, on: connection) }
        try await waitForSessions(1, where: "wait_event = 'PgSleep'", seenBy: observer)
        task.cancel()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.kind == .cancelled)
        try await expectEmptyAndUsable(connection)
    }
}
