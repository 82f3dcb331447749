import DatabaseTesting
import EventLog
import Postgres
import ShareServers
import Testing

@Suite(.database) struct GroupCommitTests {
    @Test("What queues while a commit is in flight is one commit", arguments: [Int16(1), 4])
    func oneCommit(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let events = try Made.events(0..<64, of: log.server)
        let submissions = try await log.holding(log.lane) {
            try await withThrowingTaskGroup(of: Submission.self) { group in
                for event in events { group.addTask { try await log.log.submit([event]) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
        }
        var positions: Set<Int64> = []
        for submission in submissions {
            let receipts = try await submission.receipts()
            #expect(receipts.map(\.outcome) == [.appended])
            positions.formUnion(receipts.map(\.position.index))
        }
        #expect(positions == Set(0..<64))
        // The batch that waited for the head, and all the others.
        let commits: Int64 = try await log.one("SELECT count(DISTINCT xmin::text) FROM dossier.entries")
        #expect((1...2).contains(commits))
        try await log.expectSound()
    }

    @Test("64 appenders at once all get their own receipts, each in its order", arguments: [Int16(1), 4])
    func appendersAtOnce(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let told = try await withThrowingTaskGroup(of: [(id: String, position: Position)].self) { group in
            for appender in 0..<64 {
                group.addTask {
                    var told: [(id: String, position: Position)] = []
                    for round in 0..<4 {
                        let start = appender * 100 + round * 5
                        let events = try Made.events(start..<start + 5, of: log.server)
                        let receipts = try await log.log.append(events)
                        #expect(receipts.allSatisfy { $0.outcome == .appended })
                        told += zip(events, receipts).map { ($0.id, $1.position) }
                    }
                    #expect(told.map(\.position) == told.map(\.position).sorted())
                    return told
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(told.allSatisfy { $0.position.lane == log.lane })
        #expect(told.map(\.position.index).sorted() == Array(0..<64 * 20))
        let ids: [String] = try await log.all("SELECT body::jsonb ->> 'id' FROM dossier.entries ORDER BY position")
        try #require(ids.count == told.count)
        #expect(told.allSatisfy { ids[Int($0.position.index)] == $0.id })
        try await log.expectSound()
    }

    @Test("Single events of two processes by turns stand in the order of their commits", arguments: [Int16(1), 4])
    func byTurns(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let other = try await Log.open(url: log.url)
        // Past the first complete subtree; by turns of one, two and three.
        let events = try Made.events(0..<300, of: log.server)
        var (next, turn) = (0, 0)
        while next < events.count {
            let part = Array(events[next..<min(next + 1 + turn % 3, events.count)])
            let receipts = try await (turn / 3 % 2 == 0 ? log.log : other).append(part)
            #expect(receipts.map(\.outcome) == part.map { _ in .appended })
            #expect(receipts.map(\.position.index) == (next..<next + part.count).map(Int64.init))
            (next, turn) = (next + part.count, turn + 1)
        }
        // What one has appended is known to the other.
        #expect(try await log.log.append([events[299]]).map(\.outcome) == [.known])
        #expect(
            try await other.append([events[0], try Made.event(300, of: log.server)]).map(\.outcome)
                == [.known, .appended])
        await other.close()
        try await log.expectSound()
    }

    @Test("A lane that is held does not hold up the others")
    func otherLanes() async throws {
        let log = try await TestLog.open(lanes: 4)
        let held = try await log.holding(1) {
            let held = try await log.log.submit([try Made.event(0, of: Made.server(inLane: 1, of: 4))])
            for lane in [Int16(0), 2, 3] {
                try await log.append(new: [try Made.event(1, of: Made.server(inLane: lane, of: 4), source: "/\(lane)")])
            }
            #expect(try await log.one("SELECT count(*) FROM dossier.entries", of: Int64.self) == 3)
            return held
        }
        #expect(try await held.receipts() == [Receipt(outcome: .appended, position: Position(lane: 1, index: 0))])
    }
}
