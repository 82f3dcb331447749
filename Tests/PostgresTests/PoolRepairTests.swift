import DatabaseTesting
import Postgres
import Testing

@Suite(.database) struct PoolRepairTests {
    /// Ends all other sessions of the test's database and waits until the server has none left.
    private func terminateOthers(_ observer: Connection) async throws {
        let others = "datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        _ = try await observer.values(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE \(others)", as: Bool.self)
        try await waitForSessions(0, seenBy: observer)
    }

    @Test("Connections that the server ended while they lay idle are replaced before they are lent")
    func idle() async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 3)
        let observer = try await Connection.open(DatabaseTrait.url)
        for round in Int32(0)..<10 {
            let gate = Gate()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        try await pool.withConnection { connection in
                            await gate.pass()
                            let told: Int32 = try connection.fetchOne(.asked("SELECT \(round)"))
                            #expect(told == round)
                        }
                    }
                }
                try await wait(for: "three connections to be lent") { gate.arrived == 3 }
                gate.open()
                try await group.waitForAll()
            }
            try await terminateOthers(observer)
        }
        #expect(try await pool.fetchOne(.asked("SELECT 1")) == Int32(1))
        await pool.close()
    }

    @Test("A connection that the server ends while it is lent fails its user and is replaced for the next")
    func lent() async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 1)
        let observer = try await Connection.open(DatabaseTrait.url)
        for _ in 0..<5 {
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withConnection { connection in
                    try connection.execute("SELECT 1")
                    try await terminateOthers(observer)
                    try connection.execute("SELECT 1")
                }
            }
            #expect(error?.kind == .unavailable)
            #expect(try await pool.fetchOne(.asked("SELECT 1")) == Int32(1))
        }
    }

    @Test("A statement whose session is ended under way tells that the server is away", .timeLimit(.minutes(20)))
    func underWay() async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 1)
        let observer = try await Connection.open(DatabaseTrait.url)
        let sleeping = Task { try await pool.execute(.asked("SELECT pg_sleep(3600)")) }
        try await waitForSessions(1, where: "wait_event = 'PgSleep'", seenBy: observer)
        try await terminateOthers(observer)
        let error = await #expect(throws: PostgresError.self) { try await sleeping.value }
        #expect(error?.kind == .unavailable)
        #expect(try await pool.fetchOne(.asked("SELECT 1")) == Int32(1))
    }

    @Test("A pool that cannot connect says so each time, and never that it is busy")
    func cannotConnect() async {
        let pool = Pool(url: "host='/nowhere' dbname=none", limit: 1, wait: .milliseconds(1))
        for _ in 0..<5 {
            let error = await #expect(throws: PostgresError.self) { try await pool.execute(.asked("SELECT 1")) }
            #expect(error?.kind == .unavailable)
        }
    }

    @Test("A pool whose setup is refused says so each time and leaves no session behind")
    func refusedSetup() async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 1, wait: .seconds(20), setup: ["SET ROLE nobody_there"])
        for _ in 0..<5 {
            let error = await #expect(throws: PostgresError.self) { try await pool.execute(.asked("SELECT 1")) }
            #expect(error?.kind == .refused)
        }
        try await waitForSessions(0, seenBy: try await Connection.open(DatabaseTrait.url))
    }
}
