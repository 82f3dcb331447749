import DatabaseTesting
import EventLog
import FoundationEssentials
import Postgres
import ShareServers
import Testing

/// Verification of logs that somebody with a superuser's rights has changed.
@Suite(.database) struct TamperingTests {
    /// A log whose one lane holds 600 entries, the others few; and the lines of that lane as they were.
    private func filled(_ lanes: Int16) async throws -> (log: TestLog, lines: [String]) {
        let log = try await TestLog.open(lanes: lanes)
        try await log.append(new: try Made.events(0..<Int(Tampering.size), of: log.server))
        try await log.append(
            new: try Made.events(0..<12, inAll: lanes, source: "/other").filter { event in
                event.serverID.map { Lane(Made.lane(of: $0, lanes: lanes)) } != log.lane
            })
        let lines = try await log.export(log.lane)
        try #require(lines.count == Int(Tampering.size))
        return (log, lines)
    }

    @discardableResult
    private func expectFound(_ tampering: Tampering, _ lanes: Int16) async throws -> (Verification, [String]) {
        let (log, lines) = try await filled(lanes)
        try await log.tamper(tampering.sql.replacing("$lane", with: "\(log.lane)"))
        let verification = try await log.verify(log.lane)
        let fault = try #require(verification.fault, "nothing was found")
        #expect(fault.position == Position(lane: log.lane, index: tampering.entries.lowerBound), "\(fault)")
        #expect(fault.span == Int64(tampering.entries.count), "\(fault)")
        #expect(fault.reason.contains(tampering.reason), "\(fault)")
        for lane in log.lanes where lane != log.lane {
            #expect(try await log.verify(lane).fault == nil)
        }
        return (verification, lines)
    }

    @Test("A body that was altered is named", arguments: Tampering.bodies, [Int16(1), 4])
    func bodies(tampering: Tampering, lanes: Int16) async throws {
        try await expectFound(tampering, lanes)
    }

    @Test("The first of entries that changed places is named", arguments: Tampering.places, [Int16(1), 4])
    func places(tampering: Tampering, lanes: Int16) async throws {
        try await expectFound(tampering, lanes)
    }

    @Test("The first entry that was removed is named", arguments: Tampering.removals, [Int16(1), 4])
    func removals(tampering: Tampering, lanes: Int16) async throws {
        try await expectFound(tampering, lanes)
    }

    @Test("An index column that was edited is named", arguments: Tampering.columns, [Int16(1), 4])
    func columns(tampering: Tampering, lanes: Int16) async throws {
        try await expectFound(tampering, lanes)
    }

    @Test("Of several bad entries the first is named", arguments: Tampering.several, [Int16(1), 4])
    func several(tampering: Tampering, lanes: Int16) async throws {
        try await expectFound(tampering, lanes)
    }

    @Test("What was altered beside the entries is found", arguments: Tampering.surroundings, [Int16(1), 4])
    func surroundings(tampering: Tampering, lanes: Int16) async throws {
        try await expectFound(tampering, lanes)
    }

    @Test(
        "Entries before the first bad one count as sound, under their root, and no others",
        arguments: Tampering.bodies + Tampering.places + Tampering.removals + Tampering.several, [Int16(1), 4])
    func soundPrefix(tampering: Tampering, lanes: Int16) async throws {
        let (verification, lines) = try await expectFound(tampering, lanes)
        #expect(verification.entries <= tampering.entries.lowerBound)
        #expect(verification.root == NaiveTree.root(Array(lines.prefix(Int(verification.entries)))))
    }
}
