import DatabaseTesting
import Postgres
import Testing

@Suite(.database) struct TransactionTests {
    private struct GivenUp: Error {}

    /// A connection whose database has an empty table `kept`, and another one that looks at it.
    private func connections() async throws -> (worker: Connection, observer: Connection) {
        let worker = try await Connection.open(DatabaseTrait.url)
        try await worker.command("CREATE TABLE kept (n int8 PRIMARY KEY)")
        return (worker, try await Connection.open(DatabaseTrait.url))
    }

    private func expectNothing(kept observer: Connection, and worker: Connection) async throws {
        #expect(try await observer.value("SELECT count(*) FROM kept") == Int64(0))
        // A transaction that was left open would have a number, or would refuse the question.
        #expect(try await worker.value("SELECT pg_current_xact_id_if_assigned() IS NULL") == true)
    }

    @Test("What a transaction did is seen by others when it returns, and not before")
    func committed() async throws {
        let (worker, observer) = try await connections()
        let output = try await worker.transaction { connection in
            try connection.execute("INSERT INTO kept VALUES (1)")
            #expect(try await observer.value("SELECT count(*) FROM kept") == Int64(0))
            return "told"
        }
        #expect(output == "told")
        #expect(try await observer.value("SELECT count(*) FROM kept") == Int64(1))
    }

    @Test("An error thrown in a transaction rolls it back and reaches the caller")
    func thrown() async throws {
        let (worker, observer) = try await connections()
        await #expect(throws: GivenUp.self) {
            try await worker.transaction { connection in
                try connection.execute("INSERT INTO kept VALUES (1)")
                throw GivenUp()
            }
        }
        try await expectNothing(kept: observer, and: worker)
    }

    @Test("A statement that the server refuses rolls its transaction back")
    func refused() async throws {
        let (worker, observer) = try await connections()
        let error = await #expect(throws: PostgresError.self) {
            try await worker.transaction { connection in
                try connection.execute("INSERT INTO kept VALUES (1)")
                try connection.execute("INSERT INTO kept VALUES (1)")
            }
        }
        #expect(error?.sqlState == "23505")
        try await expectNothing(kept: observer, and: worker)
    }

    @Test("A transaction whose error was passed over is not told to be committed")
    func passedOver() async throws {
        let (worker, observer) = try await connections()
        // PostgreSQL answers COMMIT with ROLLBACK there, and with no error.
        await #expect(throws: PostgresError.self) {
            try await worker.transaction { connection in
                try connection.execute("INSERT INTO kept VALUES (1)")
                try? connection.execute("INSERT INTO kept VALUES (1)")
            }
        }
        try await expectNothing(kept: observer, and: worker)
    }

    @Test("A commit that the server refuses is told, and leaves nothing")
    func refusedCommit() async throws {
        let (worker, observer) = try await connections()
        try await worker.command(
            "CREATE TABLE child (n int8 REFERENCES kept (n) DEFERRABLE INITIALLY DEFERRED)")
        let error = await #expect(throws: PostgresError.self) {
            try await worker.transaction { try $0.execute("INSERT INTO child VALUES (1)") }
        }
        #expect(error?.sqlState == "23503")
        #expect(try await observer.value("SELECT count(*) FROM child") == Int64(0))
        try await expectNothing(kept: observer, and: worker)
    }

    @Test("A transaction has the modes that it is begun with")
    func modes() async throws {
        let (worker, observer) = try await connections()
        let error = await #expect(throws: PostgresError.self) {
            try await worker.transaction("BEGIN READ ONLY") { try $0.execute("INSERT INTO kept VALUES (1)") }
        }
        #expect(error?.sqlState == "25006")
        try await worker.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY") { connection in
            #expect(try connection.fetchOne(.asked("SELECT count(*) FROM kept")) == Int64(0))
            try await observer.command("INSERT INTO kept VALUES (7)")
            #expect(try connection.fetchOne(.asked("SELECT count(*) FROM kept")) == Int64(0))
        }
        #expect(try await worker.value("SELECT count(*) FROM kept") == Int64(1))
    }

    @Test("Of two serializable transactions that contradict each other one is refused as such")
    func serialization() async throws {
        let (worker, other) = try await connections()
        let sum = Query<Int64>.asked("SELECT coalesce(sum(n), 0)::int8 FROM kept")
        let error = await #expect(throws: PostgresError.self) {
            try await worker.transaction("BEGIN ISOLATION LEVEL SERIALIZABLE") { connection in
                _ = try connection.fetchOne(sum)
                try await other.transaction("BEGIN ISOLATION LEVEL SERIALIZABLE") { other in
                    _ = try other.fetchOne(sum)
                    try other.execute("INSERT INTO kept VALUES (2)")
                }
                try connection.execute("INSERT INTO kept VALUES (1)")
            }
        }
        // Source: PostgreSQL documentation, appendix A: serialization_failure.
        #expect(error?.sqlState == "40001")
        #expect(try await worker.values("SELECT n FROM kept") == [Int64(2)])
    }

    @Test("A transaction whose session is ended by the server is rolled back, and tells that the server is away")
    func terminated() async throws {
        let (worker, observer) = try await connections()
        let error = await #expect(throws: PostgresError.self) {
            try await worker.transaction { connection in
                try connection.execute("INSERT INTO kept VALUES (1)")
                let session: Int32 = try connection.fetchOne(.asked("SELECT pg_backend_pid()"))
                _ = try await observer.value("SELECT pg_terminate_backend($1)", Bindings(of: session), as: Bool.self)
                try await waitForSessions(0, seenBy: observer)
                try connection.execute("INSERT INTO kept VALUES (2)")
            }
        }
        #expect(error?.kind == .unavailable)
        #expect(await worker.isUsable == false)
        #expect(try await observer.value("SELECT count(*) FROM kept") == Int64(0))
        let again = await #expect(throws: PostgresError.self) { try await worker.command("SELECT 1") }
        #expect(again?.kind == .unavailable)
    }

    @Test("Users of one connection have it one after another, also while one of them waits for something else")
    func oneByOne() async throws {
        let (worker, observer) = try await connections()
        await withThrowingTaskGroup(of: Void.self) { group in
            for number in Int64(0)..<40 {
                group.addTask {
                    try await worker.transaction { connection in
                        try connection.execute("INSERT INTO kept VALUES (\(number))")
                        // The actor is free meanwhile; the connection must not be.
                        _ = try await observer.value("SELECT 1", as: Int32.self)
                        let own: Int64 = try connection.fetchOne(
                            .asked("SELECT count(*) FROM kept WHERE xmin::text = pg_current_xact_id()::text"))
                        #expect(own == 1)
                        if number % 2 == 1 { throw GivenUp() }
                    }
                }
            }
            while let outcome = await group.nextResult() {
                if case .failure(let error) = outcome { #expect(error is GivenUp) }
            }
        }
        #expect(try await observer.values("SELECT n FROM kept ORDER BY n") == (0..<20).map { Int64($0) * 2 })
    }
}
