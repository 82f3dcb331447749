import DatabaseTesting
import EventLog
import Postgres
import ShareServers
import Testing

/// What appenders are told when something is wrong with the database.
@Suite(.database) struct FailureTests {
    @Test("A database without a log says so")
    func notCreated() async throws {
        await #expect(throws: LogError.notCreated) { try await Log.open(url: DatabaseTrait.url) }
    }

    @Test("A lane that the log has not does not verify")
    func noSuchLane() async throws {
        let log = try await TestLog.open(lanes: 4)
        let fault = try #require(try await log.verify(4).fault)
        #expect(fault.reason.contains("the log has 4 lanes"))
    }

    @Test("An append goes on after its session was ended", arguments: [Int16(1), 4])
    func endedSession(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        for round in 0..<3 {
            try await log.append(new: try Made.events(round * 20..<round * 20 + 20, inAll: lanes))
            let ended: Int64 = try await log.one(
                """
                SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'dossier append'
                """)
            #expect(ended > 0)
        }
        try await log.append(new: try Made.events(60..<80, inAll: lanes))
        #expect(try await log.one("SELECT count(*) FROM dossier.entries", of: Int64.self) == 80)
        try await log.expectSound()
    }

    @Test("A session that is ended while it waits for the head costs nothing", arguments: [Int16(1), 4])
    func endedWhileWaiting(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let events = try Made.events(0..<20, of: log.server)
        let submission = try await log.holding(log.lane) {
            let submission = try await log.log.submit(events)
            let ended = """
                SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'dossier append' AND wait_event_type = 'Lock'
                """
            try await wait(for: "the writer to wait for the head") { try await log.one(ended, of: Int64.self) > 0 }
            return submission
        }
        #expect(try await submission.receipts().map(\.position.index) == Array(0..<20))
        try await log.expectSound()
    }

    @Test("A session that is ended between its two copies leaves nothing of its batch", arguments: [Int16(1), 4])
    func endedWithinCopy(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        // More than are appended by one statement.
        let events = try Made.events(0..<200, of: log.server)
        let blocker = try await Connection.open(log.url)
        try await blocker.run { try $0.execute("BEGIN; LOCK TABLE dossier.event_keys IN EXCLUSIVE MODE") }
        let submission = try await log.log.submit(events)
        let ended = """
            SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'dossier append' AND wait_event_type = 'Lock'
                AND query ILIKE 'copy%event_keys%'
            """
        for _ in 0..<2 {
            try await wait(for: "the entries to be copied") { try await log.one(ended, of: Int64.self) > 0 }
            #expect(try await log.one("SELECT count(*) FROM dossier.entries", of: Int64.self) == 0)
        }
        await blocker.close()
        #expect(try await submission.receipts().map(\.position.index) == Array(0..<200))
        #expect(try await log.one("SELECT count(*) FROM dossier.entries", of: Int64.self) == 200)
        try await log.expectSound()
    }

    @Test("A database that takes no writes, as a standby, counts as away")
    func readOnly() async throws {
        let log = try await TestLog.open(lanes: 1, patience: .milliseconds(100))
        let name: String = try await log.one("SELECT current_database()::text")
        try await log.execute("ALTER DATABASE \(name) SET default_transaction_read_only = on")
        let events = try Made.events(0..<20, of: log.server)
        await #expect("nothing can be written") {
            try await log.log.append(events)
        } throws: {
            if case LogError.unavailable = $0 { true } else { false }
        }
        try await log.execute(
            "ALTER DATABASE \(name) RESET ALL", setup: ["SET default_transaction_read_only = off"])
        try await log.append(new: events)
    }

    @Test("While the database is away appends say so, and succeed when it is back", arguments: [Int16(1), 4])
    func unavailable(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes, patience: .milliseconds(100))
        let events = try Made.events(0..<20, inAll: lanes)
        let name: String = try await log.one("SELECT current_database()::text")
        let administrator = try await Connection.open(try await TestServer.url())
        try await administrator.run { try $0.execute("ALTER DATABASE \(name) ALLOW_CONNECTIONS false") }
        await #expect("nobody may connect to the database") {
            try await log.log.append(events)
        } throws: {
            if case LogError.unavailable = $0 { true } else { false }
        }
        try await administrator.run { try $0.execute("ALTER DATABASE \(name) ALLOW_CONNECTIONS true") }
        await administrator.close()
        // Other lanes may have got in what the first that failed did not, or be about to give up what they had begun.
        var receipts: [Receipt] = []
        try await wait(for: "what had been begun to be given up") {
            do throws(LogError) {
                receipts = try await log.log.append(events)
                return true
            } catch {
                guard case .unavailable = error else { throw error }
                return false
            }
        }
        #expect(receipts.count == 20 && receipts.allSatisfy { $0.outcome != .conflict })
        #expect(try await log.one("SELECT count(*) FROM dossier.entries", of: Int64.self) == 20)
        try await log.expectSound()
    }

    @Test("Nothing is appended to a lane whose head is no tree", arguments: [Int16(1), 4])
    func damagedHead(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        try await log.append(new: try Made.events(0..<20, of: log.server))
        try await log.tamper("UPDATE dossier.log_heads SET frontier = substr(frontier, 2) WHERE lane = \(log.lane)")
        let more = try Made.events(20..<30, of: log.server)
        await #expect(throws: LogError.damaged(lane: log.lane)) { try await log.log.append(more) }
        #expect(try await log.one("SELECT count(*) FROM dossier.entries", of: Int64.self) == 20)
    }

    @Test("Who waits longer for the database than it may take is told that it is away; nothing is lost or doubled")
    func stalled() async throws {
        let log = try await TestLog.open(lanes: 1)
        let impatient = try await Log.open(url: DatabaseTrait.url, stall: .milliseconds(300))
        let events = try Made.events(0..<20, of: log.server)
        _ = try await log.holding(log.lane) {
            await #expect("the head is held") {
                try await impatient.append(events)
            } throws: {
                if case LogError.unavailable = $0 { true } else { false }
            }
        }
        var receipts: [Receipt]?
        try await wait(for: "the database to answer again") {
            receipts = try? await impatient.append(events)
            return receipts != nil
        }
        #expect(receipts?.map(\.position.index) == Array(0..<20))
        #expect(try await log.one("SELECT count(*) FROM dossier.entries", of: Int64.self) == 20)
        await impatient.close()
        try await log.expectSound()
    }
}
