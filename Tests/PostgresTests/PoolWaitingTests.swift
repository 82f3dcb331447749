import DatabaseTesting
import Postgres
import Testing

@Suite(.database) struct PoolWaitingTests {
    /// Runs `body` while all connections of the pool are lent.
    private func whileLent(_ pool: Pool, limit: Int, _ body: () async throws -> Void) async throws {
        let gate = Gate()
        let holders = (0..<limit).map { _ in Task { try await pool.withConnection { _ in await gate.pass() } } }
        let outcome: Result<Void, any Error>
        do {
            try await wait(for: "the connections to be lent") { gate.arrived == limit }
            outcome = .success(try await body())
        } catch {
            outcome = .failure(error)
        }
        gate.open()
        for holder in holders { try await holder.value }
        try outcome.get()
    }

    @Test("One more user than there are connections waits, and is told busy when none becomes free in time")
    func busy() async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 3, wait: .milliseconds(50))
        try await whileLent(pool, limit: 3) {
            let error = await #expect(throws: PostgresError.self) {
                try await pool.fetchOne(Query<Int32>.asked("SELECT 1"))
            }
            #expect(error == .busy(waited: .milliseconds(50)))
        }
        #expect(try await pool.fetchOne(.asked("SELECT 1")) == Int32(1))
    }

    @Test("A user that waits has the connection that becomes free")
    func served() async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 1, wait: .seconds(60))
        let gate = Gate()
        let holder = Task { try await pool.withConnection { _ in await gate.pass() } }
        try await wait(for: "the connection to be lent") { gate.arrived == 1 }
        let waiting = (0..<10).map { number in
            Task { try await pool.fetchOne(Query<Int32>.asked("SELECT $1::int4", Bindings(of: Int32(number)))) }
        }
        gate.open()
        try await holder.value
        for (number, task) in waiting.enumerated() { #expect(try await task.value == Int32(number)) }
    }

    @Test("A task that is cancelled while it waits is told so at once, and leaves its place to others")
    func cancelled() async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 1, wait: .seconds(3600))
        try await whileLent(pool, limit: 1) {
            let waiting = (0..<20).map { _ in
                Task { try await pool.fetchOne(Query<Int32>.asked("SELECT 1")) }
            }
            for (index, task) in waiting.enumerated() {
                // Some before they wait, some while they do.
                for _ in 0..<index { await Task.yield() }
                task.cancel()
            }
            for task in waiting {
                let error = await #expect(throws: (any Error).self) { try await task.value }
                #expect(error.map(isCancellation) == true)
            }
        }
        #expect(try await pool.fetchOne(.asked("SELECT 1")) == Int32(1))
    }

    @Test("No place is lost where users come, fail, are cancelled and time out at random", arguments: [11, 12, 13])
    func noPlaceLost(seed: UInt64) async throws {
        var random = SplitMix(seed: seed)
        let pool = Pool(url: DatabaseTrait.url, limit: 2, wait: .milliseconds(20))
        var tasks: [Task<Void, any Error>] = []
        for _ in 0..<200 {
            let choice = Int.random(in: 0..<4, using: &random)
            tasks.append(
                Task {
                    try await pool.withConnection { connection in
                        switch choice {
                        case 0: try connection.execute("SELECT pg_sleep(0.002)")
                        case 1: try connection.execute("SELECT nothing")
                        case 2: try connection.execute("BEGIN")
                        default: await Task.yield()
                        }
                    }
                })
            for _ in 0..<Int.random(in: 0..<20, using: &random) { await Task.yield() }
            if Bool.random(using: &random), let task = tasks.randomElement(using: &random) { task.cancel() }
        }
        for task in tasks {
            guard case .failure(let error) = await task.result, !isCancellation(error) else { continue }
            let known = try #require(error as? PostgresError, "seed \(seed)")
            #expect(known.kind == .busy || known.sqlState == "42703", "seed \(seed): \(known)")
        }
        // Both places are there still.
        try await whileLent(pool, limit: 2) {}
        let observer = try await Connection.open(DatabaseTrait.url)
        try await waitForSessions(0, where: "state <> 'idle'", seenBy: observer)
        try await wait(for: "no more than two sessions") {
            try await observer.value(
                "SELECT count(*) <= 3 FROM pg_stat_activity WHERE datname = current_database()")
        }
        await pool.close()
    }

    @Test("A pool that is closed turns away who waits and who comes, and ends its sessions")
    func closed() async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 2, wait: .seconds(3600))
        let observer = try await Connection.open(DatabaseTrait.url)
        let gate = Gate()
        let holders = (0..<2).map { number in
            Task {
                try await pool.withConnection { connection in
                    await gate.pass()
                    // What is lent serves its user to the end.
                    return try connection.fetchOne(.asked("SELECT \(number)")) == Int32(number)
                }
            }
        }
        try await wait(for: "both connections to be lent") { gate.arrived == 2 }
        let waiting = (0..<5).map { _ in Task { try await pool.fetchOne(Query<Int32>.asked("SELECT 1")) } }
        await pool.close()
        for task in waiting {
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.kind == .unavailable)
        }
        let error = await #expect(throws: PostgresError.self) { try await pool.execute(.asked("SELECT 1")) }
        #expect(error?.kind == .unavailable)
        gate.open()
        for holder in holders { #expect(try await holder.value) }
        try await waitForSessions(0, seenBy: observer)
        await pool.close()
    }
}
