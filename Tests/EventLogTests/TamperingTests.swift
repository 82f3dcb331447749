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
        await log.log.close()
        let lines = try await log.export(log.lane)
        try #require(lines.count == Int(Tampering.size))
        return (log, lines)
    }

    private func tampered(
        _ tampering: Tampering, _ lanes: Int16
    ) async throws -> (verification: Verification, fault: Verification.Fault, lines: [String]) {
        let (log, lines) = try await filled(lanes)
        try await log.tamper(tampering.sql.replacing("$lane", with: "\(log.lane)"))
        let verification = try await log.verify(log.lane)
        let fault = try #require(verification.fault, "nothing was found")
        #expect(fault.position.lane == log.lane)
        #expect(fault.reason.contains(tampering.reason), "\(fault)")
        for lane in log.lanes where lane != log.lane {
            #expect(try await log.verify(lane).fault == nil)
        }
        return (verification, fault, lines)
    }

    /// Expects the entry, or the entries, to be named, and those before to be told sound.
    private func expectNamed(_ tampering: Tampering, _ lanes: Int16) async throws {
        let (verification, fault, lines) = try await tampered(tampering, lanes)
        #expect(fault.position.index == tampering.entries.lowerBound, "\(fault)")
        #expect(fault.span == Int64(tampering.entries.count), "\(fault)")
        #expect(verification.entries <= tampering.entries.lowerBound, "not all of these were found sound")
        #expect(verification.root == NaiveTree.root(Array(lines.prefix(Int(verification.entries)))))
    }

    @Test("A body that was altered is named", arguments: Tampering.bodies, [Int16(1), 4])
    func bodies(tampering: Tampering, lanes: Int16) async throws {
        try await expectNamed(tampering, lanes)
    }

    @Test("The first of entries that changed places is named", arguments: Tampering.places, [Int16(1), 4])
    func places(tampering: Tampering, lanes: Int16) async throws {
        try await expectNamed(tampering, lanes)
    }

    @Test("The first entry that was removed is named", arguments: Tampering.removals, [Int16(1), 4])
    func removals(tampering: Tampering, lanes: Int16) async throws {
        try await expectNamed(tampering, lanes)
    }

    @Test("An index column that was edited is named", arguments: Tampering.columns, [Int16(1), 4])
    func columns(tampering: Tampering, lanes: Int16) async throws {
        try await expectNamed(tampering, lanes)
    }

    @Test("Of several bad entries the first is named", arguments: Tampering.several, [Int16(1), 4])
    func several(tampering: Tampering, lanes: Int16) async throws {
        try await expectNamed(tampering, lanes)
    }

    @Test(
        "Where times run backwards, the entry that was changed is among those named", arguments: Tampering.times,
        [Int16(1), 4])
    func times(tampering: Tampering, lanes: Int16) async throws {
        let (_, fault, _) = try await tampered(tampering, lanes)
        let named = fault.position.index..<fault.position.index + fault.span
        #expect(named.contains(tampering.entries.lowerBound), "\(fault)")
        #expect(fault.span <= 2)
    }

    @Test("What was altered beside the entries is found", arguments: Tampering.surroundings, [Int16(1), 4])
    func surroundings(tampering: Tampering, lanes: Int16) async throws {
        let (_, fault, _) = try await tampered(tampering, lanes)
        #expect(fault.position.index == tampering.entries.lowerBound, "\(fault)")
        #expect(fault.span == Int64(tampering.entries.count), "\(fault)")
    }
}
