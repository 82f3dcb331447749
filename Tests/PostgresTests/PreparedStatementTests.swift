import DatabaseTesting
import Postgres
import Testing

@Suite(.database) struct PreparedStatementTests {
    private static let prepared = "SELECT count(*) FROM pg_prepared_statements WHERE statement = "

    @Test("A statement is prepared once and used again with other parameters")
    func reused() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let sql = "SELECT $1::int8 * 2"
        for number in Int64(1)...20 {
            #expect(try await connection.value(sql, Bindings(of: number)) == number * 2)
        }
        #expect(try await connection.value(Self.prepared + "'\(sql)'") == Int64(1))
        let uses = "SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement = '\(sql)'"
        #expect(try await connection.value(uses) == Int64(20))
    }

    @Test("The same SQL with parameters of other types is another statement")
    func otherTypes() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let sql = "SELECT pg_typeof($1)::text || ' ' || $1"
        #expect(try await connection.value(sql, Bindings(of: Int32(7))) == "integer 7")
        #expect(try await connection.value(sql, Bindings(of: "four")) == "text four")
        #expect(try await connection.value(sql, Bindings(of: Int64(8))) == "bigint 8")
        #expect(try await connection.value(sql, Bindings(of: Int32(9))) == "integer 9")
    }

    @Test(
        "Statements are prepared anew after the session forgot them",
        arguments: ["DISCARD ALL", "DEALLOCATE ALL", "DISCARD PLANS"])
    func forgotten(how: String) async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        for number in Int64(1)...3 {
            #expect(try await connection.value("SELECT $1::int8", Bindings(of: number)) == number)
            #expect(try await connection.value("SELECT $1::int8 + 1", Bindings(of: number)) == number + 1)
            try await connection.command(how)
        }
        #expect(try await connection.value("SELECT $1::int8", Bindings(of: Int64(9))) == Int64(9))
    }

    @Test("A statement is prepared on each new connection of a pool")
    func reconnected() async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 1)
        let sessions = Query<Int32>.asked("SELECT pg_backend_pid() FROM (SELECT $1::text) AS given", Bindings(of: "x"))
        let first = try await pool.fetchOne(sessions)
        let observer = try await Connection.open(DatabaseTrait.url)
        #expect(try await observer.value("SELECT pg_terminate_backend($1)", Bindings(of: first)) == true)
        try await waitForSessions(0, seenBy: observer)
        let second = try await pool.fetchOne(sessions)
        #expect(second != first)
        await pool.close()
    }

    @Test("More statements than a session keeps are all answered, and the session keeps a bounded number")
    func many() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        for round in 0..<2 {
            let answers = try await connection.run { connection in
                try (Int32(0)..<1_100).map { try connection.fetchOne(Query<Int32>.asked("SELECT \($0)")) }
            }
            #expect(answers == Array(0..<1_100), "round \(round)")
        }
        #expect(try await connection.value("SELECT count(*) FROM pg_prepared_statements", as: Int64.self) <= 1_000)
    }

    @Test("An error names the statement that was refused, also when others had to be given up for it")
    func namedAfterMany() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        for number in 0..<1_100 {
            let error = await #expect(throws: PostgresError.self) {
                try await connection.run { connection in
                    let _: Int32 = try connection.fetchOne(.asked("SELECT \(number)"))
                    let _: Int32 = try connection.fetchOne(.asked("SELECT nothing \(number)", named: "asked/\(number)"))
                }
            }
            #expect(error?.description.contains("asked/\(number):") == true)
        }
    }

    @Test("A statement that was refused can be asked again")
    func refusedBefore() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        for _ in 0..<3 {
            let error = await #expect(throws: PostgresError.self) {
                try await connection.value("SELECT n FROM kept", as: Int32.self)
            }
            #expect(error?.sqlState == "42P01")
        }
        try await connection.command("CREATE TABLE kept AS SELECT 5 AS n")
        #expect(try await connection.value("SELECT n FROM kept") == Int32(5))
    }

    @Test("The wrong number of parameters is an error of the program, not a lost connection")
    func wrongNumber() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let error = await #expect(throws: PostgresError.self) {
            try await connection.value("SELECT $1::int8 + $2::int8", Bindings(of: Int64(1)), as: Int64.self)
        }
        let kind = try #require(error).kind
        #expect(kind == .misuse || kind == .refused, "\(String(describing: error))")
        #expect(try await connection.value("SELECT 1") == Int32(1))
    }
}
