import DatabaseTesting
import Postgres
import Testing

@Suite(.database) struct PoolTests {
    private struct GivenUp: Error {}

    /// The sessions that users have had.
    private actor Lent {
        private var inUse: Set<Int32> = []
        private(set) var all: Set<Int32> = []
        private(set) var most = 0

        /// Whether nobody else has the session.
        func begin(_ session: Int32) -> Bool {
            all.insert(session)
            let isAlone = inUse.insert(session).inserted
            most = max(most, inUse.count)
            return isAlone
        }

        func end(_ session: Int32) { inUse.remove(session) }
    }

    @Test("A pool has no more connections than its limit, and lends each to one user at a time", arguments: [1, 3])
    func limit(limit: Int) async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: limit, wait: .seconds(60))
        let seen = Lent()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<60 {
                group.addTask {
                    try await pool.withConnection { connection in
                        let session: Int32 = try connection.fetchOne(.asked("SELECT pg_backend_pid()"))
                        #expect(await seen.begin(session), "session \(session) was lent twice")
                        for _ in 0..<5 { await Task.yield() }
                        let same: Int32 = try connection.fetchOne(.asked("SELECT pg_backend_pid()"))
                        #expect(same == session)
                        await seen.end(session)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(await seen.all.count <= limit)
        #expect(await seen.most <= limit)
        await pool.close()
    }

    @Test("As many connections as the limit says can be had at the same time")
    func wholeLimit() async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 4, wait: .seconds(60))
        let gate = Gate()
        async let users: Void = withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { try await pool.withConnection { _ in await gate.pass() } } }
            try await group.waitForAll()
        }
        try await wait(for: "four users at once") { gate.arrived == 4 }
        gate.open()
        try await users
    }

    @Test("A lease is given back after an error, of the body's own or of the server's")
    func givenBack() async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 1, wait: .seconds(600))
        for _ in 0..<5 {
            await #expect(throws: GivenUp.self) { try await pool.withConnection { _ in throw GivenUp() } }
            await #expect(throws: GivenUp.self) { try await pool.transaction { _ in throw GivenUp() } }
            let error = await #expect(throws: PostgresError.self) {
                try await pool.fetchOne(Query<Int32>.asked("SELECT nothing"))
            }
            #expect(error?.sqlState == "42703")
        }
        #expect(try await pool.fetchOne(.asked("SELECT 1")) == Int32(1))
    }

    @Test("Whoever comes next finds no transaction open, however the user before left the connection")
    func tidied() async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 1)
        try await pool.execute(.asked("CREATE TABLE kept (n int8)"))
        try await pool.withConnection { try $0.execute("BEGIN; INSERT INTO kept VALUES (1)") }
        #expect(try await pool.fetchOne(.asked("SELECT count(*) FROM kept")) == Int64(0))
        #expect(try await pool.fetchOne(.asked("SELECT pg_current_xact_id_if_assigned() IS NULL")) == true)
        await #expect(throws: PostgresError.self) {
            try await pool.withConnection { try $0.execute("BEGIN; INSERT INTO kept VALUES (1); SELECT nothing") }
        }
        #expect(try await pool.fetchOne(.asked("SELECT count(*) FROM kept")) == Int64(0))
    }

    @Test("A pool's queries, commands and transactions do what a connection's do")
    func conveniences() async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 2)
        try await pool.execute(.asked("CREATE TABLE kept (n int8)"))
        #expect(try await pool.execute(.asked("INSERT INTO kept VALUES (1), (2)")) == 2)
        #expect(try await pool.fetchAll(.asked("SELECT n FROM kept ORDER BY n")) == [Int64(1), 2])
        #expect(try await pool.fetchOptional(Query<Int64>.asked("SELECT n FROM kept WHERE n > 5")) == nil)
        #expect(try await pool.fetchOptional(.asked("SELECT n FROM kept WHERE n = 2")) == Int64(2))
        let sum = try await pool.transaction("BEGIN READ ONLY") { connection in
            try connection.fetchOne(Query<Int64>.asked("SELECT sum(n)::int8 FROM kept"))
        }
        #expect(sum == 3)
    }

    @Test("What a pool is told to set up holds on each of its connections")
    func setup() async throws {
        let pool = Pool(
            url: DatabaseTrait.url, limit: 2,
            setup: ["SET statement_timeout = '41s'", "SET application_name = 'pooled'"])
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    try await pool.withConnection { connection in
                        await gate.pass()
                        let limit: String = try connection.fetchOne(.asked("SHOW statement_timeout"))
                        let name: String = try connection.fetchOne(.asked("SHOW application_name"))
                        #expect(limit == "41s" && name == "pooled")
                    }
                }
            }
            try await wait(for: "both connections to be lent") { gate.arrived == 2 }
            gate.open()
            try await group.waitForAll()
        }
    }

    @Test("A limit below one is one")
    func leastLimit() async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 0)
        #expect(try await pool.fetchOne(.asked("SELECT 1")) == Int32(1))
    }
}
