import DatabaseTesting
import EventLog
import FoundationEssentials
import Postgres
import ShareServers
import Testing

@Suite(.database) struct RepeatTests {
    private func image(of log: TestLog) async throws -> [String] {
        try await log.all(
            """
            SELECT lane || ' ' || position || ' ' || body FROM dossier.entries
            UNION ALL SELECT 'head ' || to_jsonb(h)::text FROM dossier.log_heads h ORDER BY 1
            """)
    }

    @Test("The same events again are known where they first stood, and add nothing", arguments: [Int16(1), 4])
    func again(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let events = try Made.events(0..<300, inAll: lanes)
        let positions = try await log.append(new: events)
        let image = try await image(of: log)
        let second = try await Log.open(url: log.url)
        for log in [log.log, second] {
            let receipts = try await log.append(events.reversed())
            #expect(receipts == positions.reversed().map { Receipt(outcome: .known, position: $0) })
        }
        await second.close()
        #expect(try await self.image(of: log) == image)
    }

    @Test("An event that comes again in its own batch is known there", arguments: [Int16(1), 4])
    func withinOneBatch(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let a = try Made.word("a", 0, of: log.server)
        let b = try Made.word("b", 1, of: log.server)
        let receipts = try await log.log.append([a, a, b, a, b])
        #expect(receipts.map(\.outcome) == [.appended, .known, .appended, .known, .known])
        #expect(receipts.map(\.position.index) == [0, 0, 1, 0, 1])
        // Longer than what is queued as one.
        let events = try Made.events(0..<2_500, inAll: lanes)
        let both = try await log.log.append(events + events)
        #expect(both[..<2_500].allSatisfy { $0.outcome == .appended })
        #expect(both[2_500...].allSatisfy { $0.outcome == .known })
        #expect(both[..<2_500].map(\.position) == both[2_500...].map(\.position))
        try await log.expectSound()
    }

    @Test("Events that two processes append at once go in once", arguments: [Int16(1), 4])
    func concurrently(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let events = try Made.events(0..<400, inAll: lanes)
        var told: [String: [Receipt]] = [:]
        try await withThrowingTaskGroup(of: [(String, Receipt)].self) { group in
            for seed in 1...3 {
                group.addTask {
                    let own = try await Log.open(url: log.url)
                    var random = SplitMix(seed: UInt64(seed))
                    var told: [(String, Receipt)] = []
                    for piece in random.pieces(of: events.shuffled(using: &random), upTo: 30) {
                        told += zip(piece.map(\.id), try await own.append(piece)).map { ($0, $1) }
                    }
                    await own.close()
                    return told
                }
            }
            for try await receipts in group {
                for (id, receipt) in receipts { told[id, default: []].append(receipt) }
            }
        }
        for event in events {
            let receipts = told[event.id, default: []]
            #expect(receipts.count == 3 && Set(receipts.map(\.position)).count == 1, "\(event.id)")
            #expect(receipts.filter { $0.outcome == .appended }.count == 1, "\(event.id)")
            #expect(receipts.filter { $0.outcome == .known }.count == 2, "\(event.id)")
        }
        #expect(try await log.one("SELECT count(*) FROM dossier.entries", of: Int64.self) == 400)
        try await log.expectSound()
    }

    @Test(
        "Other content under the same source, id and time is a conflict, and the rest goes in",
        arguments: [Int16(1), 4])
    func conflict(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        let server = log.server
        try await log.append(new: [try Made.word("first", 0, of: server), try Made.word("second", 1, of: server)])
        let receipts = try await log.log.append([
            try Made.word("new", 2, of: server), try Made.word("other than second", 1, of: server),
            try Made.word("first", 0, of: server), try Made.word("other than new", 2, of: server),
            try Made.word("newer", 3, of: server),
        ])
        #expect(receipts.map(\.outcome) == [.appended, .conflict, .known, .conflict, .appended])
        #expect(receipts.map(\.position) == [2, 1, 0, 2, 3].map { Position(lane: log.lane, index: $0) })
        let words: [String] = try await log.all(
            "SELECT body::jsonb #>> '{data,details,word}' FROM dossier.entries ORDER BY position")
        #expect(words == ["first", "second", "new", "newer"])
        try await log.expectSound()
    }

    @Test("An event conflicts with one of another server in another lane, too")
    func conflictAcrossLanes() async throws {
        let log = try await TestLog.open(lanes: 4)
        let lanes: [Int16] = [1, 3]
        let servers = lanes.map { Made.server(inLane: $0, of: 4) }
        let first = try await log.append(new: [try Made.word("a", 0, of: servers[0])])
        let receipts = try await log.log.append([try Made.word("a", 0, of: servers[1]), try Made.word("a", 0)])
        #expect(receipts == [first[0], first[0]].map { Receipt(outcome: .conflict, position: $0) })
        try await log.expectSound()
    }

    @Test("Another source, id or time makes another event", arguments: [Int16(1), 4])
    func identity(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        func event(id: String = "a", source: String = "/s", milliseconds: Int = 0) throws -> Event {
            try Event(
                id: id, source: source, type: EventType.status,
                time: Made.start.advanced(by: .milliseconds(milliseconds)),
                subject: log.server.uuidString.lowercased(), data: ["status": "active"])
        }
        let positions = try await log.append(new: [
            try event(), try event(id: "b"), try event(source: "/t"), try event(milliseconds: 1),
            // What is written one after the other alike.
            try event(id: "a", source: "/s/a"), try event(id: "aa", source: "/s/"),
        ])
        #expect(positions.map(\.index) == Array(0..<6))
    }

    @Test("A recorded time that comes along, blanks and order of members do not make another event")
    func equalForms() async throws {
        let log = try await TestLog.open(lanes: 1)
        let members = [
            #""specversion":"1.0""#, #""id":"e-1""#, #""source":"/test""#, #""type":"com.example.other""#,
            #""time":"2026-11-23T09:55:14.984208Z""#, #""data":{"a":1,"b":[true,"x"]}"#,
        ]
        let forms = [
            "{" + members.joined(separator: ",") + "}",
            "{ " + members.reversed().joined(separator: " ,\n") + "\t}",
            "{" + (members + [#""recordedtime":"1999-01-01T00:00:00Z""#]).joined(separator: ",") + "}",
            "{" + (members.dropLast() + [#""data":{"b":[true,"\u0078"],"a":1.0}"#]).joined(separator: ",") + "}",
        ]
        let receipts = try await log.log.append(try forms.map { try Made.read($0) })
        #expect(receipts.map(\.outcome) == [.appended, .known, .known, .known])
    }
}
