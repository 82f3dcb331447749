import DatabaseTesting
import EventLog
import FoundationEssentials
import Postgres
import ShareServers
import Testing

@Suite(.database) struct AppendTests {
    @Test("Positions count from 0 without gaps in every lane, in the order appended", arguments: [Int16(1), 4])
    func positions(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        var random = SplitMix(seed: 1)
        let events = try Made.events(0..<700, inAll: lanes)
        var next: [Lane: Int64] = [:]
        var expected: [Position: String] = [:]
        for piece in random.pieces(of: events, upTo: 120) {
            for (event, position) in zip(piece, try await log.append(new: piece)) {
                let lane = Lane(event.serverID.map { Made.lane(of: $0, lanes: lanes) } ?? 0)
                #expect(position == Position(lane: lane, index: next[lane, default: 0]))
                next[lane, default: 0] += 1
                expected[position] = event.id
            }
        }
        #expect(next.count == Int(lanes))
        for lane in log.lanes {
            let ids: [String] = try await log.all(
                "SELECT body::jsonb ->> 'id' FROM dossier.entries WHERE lane = \(lane) ORDER BY position")
            let positions: [Int64] = try await log.all(
                "SELECT position FROM dossier.entries WHERE lane = \(lane) ORDER BY position")
            #expect(positions == Array(0..<next[lane, default: 0]))
            #expect(ids == positions.map { expected[Position(lane: lane, index: $0)] ?? "none" })
            let size: Int64 = try await log.one("SELECT size FROM dossier.log_heads WHERE lane = \(lane)")
            #expect(size == next[lane, default: 0])
        }
    }

    @Test("More events than a batch takes are appended in order by one call", arguments: [Int16(1), 4])
    func largeAppend(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let events = try Made.events(0..<4_500, inAll: lanes)
        let positions = try await log.append(new: events)
        for lane in log.lanes {
            let indexes = positions.filter { $0.lane == lane }.map(\.index)
            #expect(indexes == Array(0..<Int64(indexes.count)))
        }
        try await log.expectSound()
    }

    @Test("An append of nothing answers with nothing and adds nothing", arguments: [Int16(1), 4])
    func nothing(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        #expect(try await log.log.append([]) == [])
        #expect(try await log.one("SELECT count(*) FROM dossier.entries", of: Int64.self) == 0)
    }

    @Test("A server's entries are in the lane that its id hashes to, all others in lane 0", arguments: [Int16(1), 4])
    func laneByServer(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let events = try (0..<200).map { try Made.event($0, of: $0 % 10 == 0 ? nil : Made.server($0)) }
        try await log.append(new: events)
        // What PostgreSQL makes of the ids; the bits are read as an unsigned number.
        let misplaced: Int64 = try await log.one(
            """
            SELECT count(*) FROM dossier.entries WHERE lane <> coalesce(
                ('x' || encode(substr(sha256(uuid_send(server_id)), 1, 4), 'hex'))::bit(32)::bigint % \(lanes), 0)
            """)
        #expect(misplaced == 0)
        let used: Int64 = try await log.one("SELECT count(DISTINCT lane) FROM dossier.entries")
        #expect(used == Int64(lanes))
    }

    /// Source: computed with Python's hashlib from the definition.
    @Test(
        "A server's lane is fixed for ever",
        arguments: [
            ("6e2b3c5a-1f10-4f4e-9d21-8c1f6a0b7d33", [0, 0, 2, 2, 350]),
            ("0f8a4c1e-0000-4000-8000-000000000001", [0, 1, 2, 1, 985]),
            ("00000000-0000-0000-0000-000000000000", [0, 1, 2, 3, 255]),
            ("ffffffff-ffff-ffff-ffff-ffffffffffff", [0, 0, 1, 0, 404]),
        ] as [(String, [Int16])])
    func goldenLanes(server: String, expected: [Int16]) throws {
        let id = try #require(UUID(uuidString: server))
        #expect([1, 2, 3, 4, 1024].map { Lane(of: id, lanes: $0).number } == expected)
    }

    @Test("Recorded time never runs backwards in a lane, even where the clock does", arguments: [Int16(1), 4])
    func recordedTime(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let events = try Made.events(0..<40, of: log.server)
        let before = Timestamp.now
        try await log.append(new: Array(events[..<20]))
        let first: Timestamp = try await log.one("SELECT min(recorded_at) FROM dossier.entries")
        let last: Timestamp = try await log.one("SELECT max(recorded_at) FROM dossier.entries")
        #expect(before <= first && last <= Timestamp.now)

        // As if the clock had been a day ahead until now.
        let ahead: Timestamp = try await log.one(
            """
            UPDATE dossier.log_heads SET recorded_at = recorded_at + interval '1 day' WHERE lane = \(log.lane)
            RETURNING recorded_at
            """)
        try await log.append(new: Array(events[20..<30]))
        try await log.append(new: Array(events[30...]))
        let times: [Timestamp] = try await log.all("SELECT recorded_at FROM dossier.entries ORDER BY position")
        #expect(times.count == 40)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(times[20...].allSatisfy { $0 == ahead })
        try await log.expectSound()
    }
}
