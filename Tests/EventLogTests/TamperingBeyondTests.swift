import DatabaseTesting
import EventLog
import FoundationEssentials
import Postgres
import ShareServers
import Testing

/// Changes that are found in other places than entries of a lane.
@Suite(.database) struct TamperingBeyondTests {
    @Test(
        "The first entry missing at the edge of what is fetched at once is named", arguments: [Int16(1), 4],
        [999, 1000, 1023, 1024, 2047, 2999])
    func edges(lanes: Int16, entry: Int) async throws {
        let log = try await TestLog.open(lanes: lanes)
        try await log.append(new: try Made.events(0..<3000, of: log.server))
        try await log.tamper("DELETE FROM dossier.entries WHERE lane = \(log.lane) AND position = \(entry)")
        let fault = try #require(try await log.verify(log.lane).fault)
        #expect(fault.position.index == Int64(entry) && fault.span == 1)
    }

    @Test("A key that keeps an event out of the log is found, whatever lane it says", arguments: [Int16(1), 4])
    func keyOfNoLane(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        try await log.append(new: try Made.events(0..<30, inAll: lanes))
        let unwanted = try Made.event(1000, of: log.server)
        let hash = "'\\x\(unwanted.contentHash.hex)'"
        try await log.tamper(
            "INSERT INTO dossier.event_keys VALUES ('\(unwanted.key.uuidString)', 1000, 0, \(hash))")
        let receipt = try #require(try await log.log.append([unwanted]).first)
        var faults: [Verification.Fault] = []
        for lane in log.lanes { if let fault = try await log.verify(lane).fault { faults.append(fault) } }
        #expect(receipt.outcome == .appended || !faults.isEmpty)
    }

    @Test("A key that was moved to another lane is missed in its own", arguments: [Int16(1), 4], [Int16(1), 900])
    func movedKey(lanes: Int16, by distance: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        try await log.append(new: try Made.events(0..<600, of: log.server))
        try await log.tamper(
            "UPDATE dossier.event_keys SET lane = lane + \(distance) WHERE lane = \(log.lane) AND position = 300")
        let fault = try #require(try await log.verify(log.lane).fault)
        #expect(fault.position.index == 300 && fault.span == 1, "\(fault)")
        #expect(fault.reason.contains("event key"), "\(fault)")
    }

    @Test(
        "A head, an entry, a subtree or the settings that were added, removed or changed are found in their lane",
        arguments: [
            ("DELETE FROM dossier.log_heads WHERE lane = 3", 4, [3]),
            ("DELETE FROM dossier.log_heads", 1, [0]),
            ("INSERT INTO dossier.log_heads (lane, root) VALUES (4, sha256(''))", 4, [4]),
            ("INSERT INTO dossier.subtrees (lane, level, index, hash) VALUES (7, 1, 0, sha256(''))", 4, [7]),
            (
                """
                INSERT INTO dossier.entries (lane, position, occurred_at, recorded_at, type, leaf_hash, body)
                SELECT 3, 0, occurred_at, recorded_at, type, leaf_hash, body FROM dossier.entries WHERE position = 1
                """, 1, [3]
            ),
            ("UPDATE dossier.log_settings SET lanes = 2", 1, [1]),
            ("DELETE FROM dossier.log_settings", 1, [0]),
        ] as [(String, Int16, [Int16])])
    func lanes(change: String, lanes: Int16, bad: [Int16]) async throws {
        let log = try await TestLog.open(lanes: lanes)
        try await log.append(new: try Made.events(0..<300, inAll: lanes))
        try await log.tamper(change)
        let pool = Pool(url: log.url, limit: 1)
        for lane in try await Verification.lanes(pool: pool) {
            let fault = try await Verification.verify(lane: lane, pool: pool).fault
            if bad.contains(lane.number) {
                #expect(fault?.position == Position(lane: lane, index: 0), "lane \(lane)")
            } else if !change.contains("log_settings") {
                #expect(fault == nil, "lane \(lane)")
            }
        }
        #expect(Set(try await Verification.lanes(pool: pool).map(\.number)).isSuperset(of: bad))
        await pool.close()
    }

    @Test("A time beyond what can be counted is found like any other")
    func timeBeyond() async throws {
        // In a process of its own, which a number that overflows ends.
        await #expect(processExitsWith: .success) { [url = DatabaseTrait.url as String] in
            let log = try await DatabaseTrait.$url.withValue(url) { try await TestLog.open(lanes: 1) }
            try await log.append(new: try Made.events(0..<30, of: log.server))
            try await log.tamper(
                "UPDATE dossier.entries SET occurred_at = '294276-12-31 00:00:00Z' WHERE position = 20")
            let fault = try #require(try await log.verify(0).fault)
            #expect(fault.position.index == 20)
        }
    }
}
