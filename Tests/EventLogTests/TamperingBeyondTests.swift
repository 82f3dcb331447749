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
        "A head that was added or removed is found",
        arguments: [
            "DELETE FROM dossier.log_heads WHERE lane = 3",
            "INSERT INTO dossier.log_heads (lane, root) VALUES (4, sha256(''))",
        ])
    func heads(change: String) async throws {
        let log = try await TestLog.open(lanes: 4)
        try await log.append(new: try Made.events(0..<300, inAll: 4))
        try await log.tamper(change)
        var found = 0
        for lane in log.lanes {
            do {
                if try await log.verify(lane).fault != nil { found += 1 }
            } catch LogError.notCreated {
                found += 1
            }
        }
        #expect(found > 0)
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
