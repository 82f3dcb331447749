import DatabaseTesting
import EventLog
import Postgres
import ShareServers
import Synchronization
import Testing

/// Verification of logs that are sound.
@Suite(.database) struct SoundLogTests {
    @Test("A sound lane verifies, at any length", arguments: [Int16(1), 4], [0, 1, 255, 256, 257, 3000])
    func sound(lanes: Int16, size: Int) async throws {
        let log = try await TestLog.open(lanes: lanes)
        try await log.append(new: try Made.events(0..<size, of: log.server))
        let steps = Mutex<[[Int64]]>([])
        let verification = try await log.verify(log.lane) { done, total in steps.withLock { $0.append([done, total]) } }
        #expect(verification.fault == nil)
        #expect(verification.lane == log.lane)
        #expect(verification.entries == Int64(size))
        #expect(verification.root == NaiveTree.root(try await log.export(log.lane)))
        let told = steps.withLock { $0 }
        #expect(told.allSatisfy { $0[1] == Int64(size) && $0[0] <= $0[1] })
        #expect(zip(told, told.dropFirst()).allSatisfy { $0[0] < $1[0] })
        if size > 0 { #expect(told.last == [Int64(size), Int64(size)]) }
        try await log.expectSound()
    }

    @Test("Every lane of a log of several verifies")
    func allLanes() async throws {
        let log = try await TestLog.open(lanes: 4)
        try await log.append(new: try Made.events(0..<1400, inAll: 4))
        for lane in log.lanes {
            let verification = try await log.verify(lane)
            #expect(verification.fault == nil)
            #expect(verification.entries > 256)
        }
    }

    @Test("A lane verifies while others append to it", arguments: [Int16(1), 4])
    func meanwhile(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let appending = Task {
            for start in stride(from: 0, to: 1500, by: 50) {
                try await log.append(new: try Made.events(start..<start + 50, of: log.server))
            }
        }
        var entries: Int64 = 0
        while entries < 1500 {
            let verification = try await log.verify(log.lane)
            #expect(verification.fault == nil)
            #expect(verification.entries >= entries)
            #expect(verification.entries % 50 == 0)
            entries = verification.entries
            if verification.fault != nil { break }
        }
        try await appending.value
    }

    @Test("Verification that is cancelled says so, between looks at the log", arguments: [Int16(1), 4])
    func cancelledBetween(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        try await log.append(new: try Made.events(0..<2500, of: log.server))
        let verifying = Task {
            try await log.verify(log.lane) { done, total in
                if done < total { withUnsafeCurrentTask { $0?.cancel() } }
            }
        }
        await #expect(throws: LogError.cancelled) { try await verifying.value }
    }

    @Test("Verification that is cancelled while the database is busy says so, too", arguments: [Int16(1), 4])
    func cancelledWithin(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        try await log.append(new: try Made.events(0..<10, of: log.server))
        let blocker = try await Connection.open(log.url)
        try await blocker.run { try $0.execute("BEGIN; LOCK TABLE dossier.log_heads IN ACCESS EXCLUSIVE MODE") }
        let verifying = Task { try await log.verify(log.lane) }
        try await wait(for: "verification to wait for the heads") {
            try await log.one(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%log_heads%'
                """, of: Int64.self) == 1
        }
        verifying.cancel()
        await #expect(throws: LogError.cancelled) { try await verifying.value }
        await blocker.close()
        try await log.expectSound()
    }
}
