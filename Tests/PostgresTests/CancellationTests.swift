import DatabaseTesting
import Postgres
import Testing

@Suite(.database) struct CancellationTests {
    @Test("A cancelled task ends its statement on the server and is told so", .timeLimit(.minutes(20)))
    func sleeping() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        let observer = try await Connection.open(DatabaseTrait.url)
        let sleep = Command.asked("SELECT pg_sleep(3600)", named: "asked/sleep")
        let task = Task { try await connection.run { try $0.execute(sleep) } }
        try await waitForSessions(1, where: "wait_event = 'PgSleep'", seenBy: observer)
        task.cancel()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error == .cancelled(query: "asked/sleep"))
        try await waitForSessions(0, where: "state = 'active'", seenBy: observer)
        #expect(try await connection.value("SELECT 1") == Int32(1))
    }

    @Test(
        "A statement that waits for a lock is ended likewise, and its transaction rolled back", .timeLimit(.minutes(20))
    )
    func locked() async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 1)
        let observer = try await Connection.open(DatabaseTrait.url)
        try await pool.execute(.asked("CREATE TABLE kept (n int8); "))
        try await pool.execute(.asked("INSERT INTO kept VALUES (1)"))
        try await observer.transaction { holder in
            try holder.execute("LOCK TABLE kept IN SHARE MODE")
            let task = Task {
                try await pool.transaction { connection in
                    try connection.execute("CREATE TABLE other (n int8)")
                    try connection.execute("UPDATE kept SET n = 2")
                }
            }
            while try holder.fetchOne(Query<Int64>.asked("SELECT count(*) FROM pg_locks WHERE NOT granted")) == 0 {
                await Task.yield()
            }
            task.cancel()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.kind == .cancelled)
        }
        #expect(try await pool.fetchOne(.asked("SELECT n FROM kept")) == Int64(1))
        #expect(try await pool.fetchOne(.asked("SELECT to_regclass('other') IS NULL")) == true)
    }

    @Test("A task that was cancelled before it began sends nothing")
    func before() async throws {
        let connection = try await Connection.open(DatabaseTrait.url)
        try await connection.command("CREATE TABLE kept (n int8)")
        let gate = Gate()
        let task = Task {
            await gate.pass()
            try await connection.command("INSERT INTO kept VALUES (1)")
        }
        task.cancel()
        gate.open()
        let error = await #expect(throws: (any Error).self) { try await task.value }
        #expect(isCancellation(try #require(error)))
        #expect(try await connection.value("SELECT count(*) FROM kept") == Int64(0))
    }

    @Test("A cancel never hits the next user of the connection", .timeLimit(.minutes(20)), arguments: [1, 2])
    func races(seed: UInt64) async throws {
        var random = SplitMix(seed: seed)
        let connection = try await Connection.open(DatabaseTrait.url)
        for round in Int32(0)..<400 {
            let pause = Int.random(in: 0...1500, using: &random)
            let first = Task { try await connection.command("SELECT pg_sleep(0.0005)") }
            // From before the statement begins until after it has ended.
            if pause > 50 { try await Task.sleep(for: .microseconds(pause)) }
            first.cancel()
            if Bool.random(using: &random) { _ = await first.result }
            // Long enough to be hit by a cancel that is late.
            let next = try await connection.value(
                "SELECT $1::int4 FROM pg_sleep(0.001)", Bindings(of: round), as: Int32.self)
            #expect(next == round)
            if case .failure(let error) = await first.result {
                #expect(isCancellation(error), "seed \(seed), round \(round): \(error)")
            }
        }
    }

    @Test("A cancel never hits the next user of a pool's connection", .timeLimit(.minutes(20)))
    func poolRaces() async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 2, wait: .seconds(60))
        let seed: UInt64 = 3
        var random = SplitMix(seed: seed)
        let pauses = (0..<400).map { _ in Int.random(in: 0...2000, using: &random) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<4 {
                group.addTask {
                    for round in stride(from: lane, to: pauses.count, by: 4) {
                        let hit = Task { try await pool.transaction { try $0.execute("SELECT pg_sleep(0.0005)") } }
                        try await Task.sleep(for: .microseconds(pauses[round]))
                        hit.cancel()
                        let next = try await pool.fetchOne(
                            Query<Int64>.asked("SELECT $1::int8 FROM pg_sleep(0.001)", Bindings(of: Int64(round))))
                        #expect(next == Int64(round), "seed \(seed)")
                        if case .failure(let error) = await hit.result { #expect(isCancellation(error)) }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("A statement that outlasts the server's time limit is refused as such, not called cancelled")
    func timeLimit() async throws {
        let connection = try await Connection.open(DatabaseTrait.url, setup: ["SET statement_timeout = '20ms'"])
        let sleep = Command.asked("SELECT pg_sleep(3600)", named: "asked/sleep")
        let error = await #expect(throws: PostgresError.self) { try await connection.run { try $0.execute(sleep) } }
        // Source: PostgreSQL documentation, appendix A: query_canceled.
        #expect(error?.sqlState == "57014")
        #expect(error?.kind == .refused)
        #expect(error?.description.contains("asked/sleep") == true)
        #expect(try await connection.value("SELECT 1") == Int32(1))
    }

    @Test("A statement that waits longer for a lock than the server allows is refused as such")
    func lockLimit() async throws {
        let connection = try await Connection.open(DatabaseTrait.url, setup: ["SET lock_timeout = '20ms'"])
        let holder = try await Connection.open(DatabaseTrait.url)
        try await holder.command("SELECT pg_advisory_lock(1)")
        let error = await #expect(throws: PostgresError.self) {
            try await connection.command("SELECT pg_advisory_lock(1)")
        }
        // Source: PostgreSQL documentation, appendix A: lock_not_available.
        #expect(error?.sqlState == "55P03")
    }
}
