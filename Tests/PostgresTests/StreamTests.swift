import DatabaseTesting
import Foundation
import Postgres
import Testing

@Suite(.database) struct StreamTests {
    private struct GivenUp: Error {}

    @Test("Two hundred thousand rows come one by one, in order")
    func allRows() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let query = Query<Int64>.asked("SELECT n FROM generate_series(0, $1::int8) AS n", Bindings(of: Int64(199_999)))
        let count = try await connection.run { connection in
            var next: Int64 = 0
            try await connection.stream(query) { number in
                if number != next { throw GivenUp() }
                next += 1
            }
            return next
        }
        #expect(count == 200_000)
        #expect(try await connection.value("SELECT 1") == Int32(1))
    }

    @Test("No row is handed over where there is none")
    func noRows() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        try await connection.run { connection in
            try await connection.stream(Query<Int32>.asked("SELECT 1 WHERE false")) { _ in
                Issue.record("a row that is not there")
            }
        }
        #expect(try await connection.value("SELECT 1") == Int32(1))
    }

    @Test("An answer of four hundred megabytes takes a few of memory")
    func memory() async {
        // In a process of its own, whose greatest size is this test's alone.
        await #expect(processExitsWith: .success) { [url = DatabaseTrait.url as String] in
            func greatestSize() -> Int {
                var usage = rusage()
                #if canImport(Darwin)
                    getrusage(RUSAGE_SELF, &usage)
                    return usage.ru_maxrss
                #else
                    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
                    return usage.ru_maxrss * 1024
                #endif
            }
            let connection = try await Connection.open(url)
            let sql = "SELECT repeat('x', 2000) FROM generate_series(1, 200000)"
            let query = Query(statement: Statement(name: "asked/stream", sql: sql)) { row throws(PostgresError) in
                try row[0] as String
            }
            let before = greatestSize()
            let bytes = try await connection.run { connection in
                var bytes = 0
                try await connection.stream(query) { bytes += $0.utf8.count }
                return bytes
            }
            #expect(bytes == 400_000_000)
            #expect(greatestSize() - before < 48 << 20)
        }
    }

    @Test("The server waits while a row is worked on", .timeLimit(.minutes(20)))
    func backPressure() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let observer = try await Connection.open(DatabaseTrait.url)
        let query = Query<String>.asked("SELECT repeat('x', 1000) FROM generate_series(1, 20000)")
        let count = try await connection.run { connection in
            var count = 0
            try await connection.stream(query) { _ in
                if count == 0 { try await waitForSessions(1, where: "wait_event = 'ClientWrite'", seenBy: observer) }
                count += 1
            }
            return count
        }
        #expect(count == 20_000)
    }

    @Test("A reader that gives up ends the answer, however much there is still to come", .timeLimit(.minutes(20)))
    func givenUp() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let query = Query<Int64>.asked("SELECT generate_series(1, 1000000000000)")
        for _ in 0..<20 {
            await #expect(throws: GivenUp.self) {
                try await connection.run { connection in
                    try await connection.stream(query) { number in if number == 3 { throw GivenUp() } }
                }
            }
            #expect(try await connection.value("SELECT 1") == Int32(1))
        }
    }

    @Test("An error of the server half way is told after the rows before it")
    func serverFails() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let query = Query<Int32>.asked("SELECT 1 / (500 - n) FROM generate_series(1, 1000) AS n", named: "asked/half")
        try await connection.run { connection in
            var rows = 0
            let error = await #expect(throws: PostgresError.self) {
                try await connection.stream(query) { _ in rows += 1 }
            }
            // Source: PostgreSQL documentation, appendix A: division_by_zero.
            #expect(error?.sqlState == "22012")
            #expect(error?.description.contains("asked/half") == true)
            #expect(rows == 499)
        }
        #expect(try await connection.value("SELECT 1") == Int32(1))
    }

    @Test("A row that is not what the program expects ends the stream with a misuse")
    func wrongType() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let query = Query<Int32>.asked("SELECT nullif(n, 5) FROM generate_series(1, 100000) AS n")
        try await connection.run { connection in
            var rows: [Int32] = []
            let error = await #expect(throws: PostgresError.self) {
                try await connection.stream(query) { rows.append($0) }
            }
            #expect(error?.kind == .misuse)
            #expect(rows == [1, 2, 3, 4])
        }
        #expect(try await connection.value("SELECT 1") == Int32(1))
    }

    @Test("A statement of the reader's own on the same connection never loses a row in silence")
    func statementWithin() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let query = Query<Int32>.asked("SELECT generate_series(1, 1000)")
        try await connection.run { connection in
            var rows = 0
            do {
                try await connection.stream(query) { _ in
                    rows += 1
                    try connection.execute("SELECT 1")
                }
                #expect(rows == 1000)
            } catch let error as PostgresError {
                #expect(error.kind == .misuse)
            }
        }
        #expect(try await connection.value("SELECT 1") == Int32(1))
    }

    @Test("A cancelled task ends its stream, also while the server has nothing to send", .timeLimit(.minutes(20)))
    func cancelled() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let observer = try await Connection.open(DatabaseTrait.url)
        let query = Query<Int32>.asked(
            "SELECT n FROM generate_series(1, 9) AS n WHERE n < 5 OR pg_sleep(3600) IS NOT NULL")
        let task = Task { try await connection.run { try await $0.stream(query) { _ in } } }
        try await waitForSessions(1, where: "wait_event = 'PgSleep'", seenBy: observer)
        task.cancel()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.kind == .cancelled)
        #expect(try await connection.value("SELECT 1") == Int32(1))
    }
}
