import DatabaseTesting
import EventLog
import FoundationEssentials
import Postgres
import Queries
import ShareServers
import Testing

@testable import Projections

/// What servers were at a moment, against the fold of the entries up to that moment.
@Suite(.database) struct MomentTests {
    /// A random log with all its entries applied, and moments in, between, before and after its times.
    private func randomLog(
        _ round: ProjectionLawTests.Round, servers: Int
    ) async throws -> (log: TestLog, moments: [Timestamp]) {
        var events = round.events
        var log = try await TestLog.open(lanes: round.lanes)
        let runner = log.runner
        let all = try events.log(servers: servers, length: 12, times: .few(6))
        try await log.append(all, upTo: 150, using: &events.random) { try await runner.catchUp() }
        let moments = Set(log.told.map(\.time)).sorted().flatMap { time in
            [time, time.advanced(by: .microseconds(-1)), time.advanced(by: .milliseconds(500))]
        }
        return (log, moments)
    }

    /// What a server was, for comparison.
    private struct State: Equatable {
        var status: String
        var from: Timestamp
        var until: Timestamp?
        var notBefore: Timestamp?
        var entry: String?
        var cause: String?
        var attributes: [String: JSON]
    }

    /// Nil where the server's status had not been seen by then.
    private func state(of told: [Told], at moment: Timestamp) -> State? {
        let then = told.filter { $0.time <= moment }
        guard !then.isEmpty, let visit = Fold(then).server.open else { return nil }
        // What came after decides about nothing but the end.
        let end = Fold(told).visits.first { $0.entry == visit.entry }?.until
        return State(
            status: visit.status, from: visit.from, until: end, notBefore: visit.notBefore, entry: visit.entry,
            cause: visit.cause, attributes: Fold(then).server.attributes)
    }

    @Test(arguments: ProjectionLawTests.Round.numbered(11, count: 1))
    func aServerAtAMomentIsTheFoldOfWhatHadHappened(_ round: ProjectionLawTests.Round) async throws {
        let (log, moments) = try await randomLog(round, servers: 40)
        let connection = try await Connection.open(log.url)
        for (server, told) in Dictionary(grouping: log.told.filter { $0.server != nil }, by: { $0.server! }) {
            let lane = Lane(of: server, lanes: log.log.lanes).number
            let rows = try await connection.run { connection in
                try moments.map { moment in
                    try connection.fetchOptional(
                        Queries.Servers.fetchServerAt(lane: lane, serverId: server, at: moment, known: nil))
                }
            }
            for (moment, row) in zip(moments, rows) {
                let actual = try row.map { row in
                    #expect(row.lane == lane && row.serverId == server)
                    try expectSummary(row.cause, names: row.causePosition, lane: lane, in: log)
                    return State(
                        status: row.status, from: row.fromAt, until: row.untilAt, notBefore: row.notBefore,
                        entry: log.id(lane, row.position), cause: log.id(lane, row.causePosition),
                        attributes: try JSON(parsing: row.attributes.bytes).object ?? [:])
                }
                #expect(actual == state(of: told, at: moment), "server \(server) at \(moment)")
            }
        }
        await connection.close()
        await log.log.close()
    }

    /// The summary of an entry is of that entry.
    private func expectSummary(_ summary: JSONText?, names position: Int64?, lane: Int16, in log: TestLog) throws {
        let summary = try summary.map { try JSON(parsing: $0.bytes) }
        #expect(summary?["position"]?.int.map(Int64.init) == position)
        guard let summary, let position else { return }
        let told = try #require(log.told.first { $0.position == Position(lane: Lane(lane), index: position) })
        #expect(summary["lane"]?.int == Int(lane))
        #expect(summary["at"]?.string == told.time.description)
        #expect(summary["operation"] == told.data["operation"])
        #expect(summary["http_status"] == told.data["http_status"])
    }

    @Test(arguments: ProjectionLawTests.Round.numbered(12, count: 1))
    func theServersAtAMomentArePagedInOrder(_ round: ProjectionLawTests.Round) async throws {
        let (log, moments) = try await randomLog(round, servers: 60)
        let connection = try await Connection.open(log.url)
        let byServer = Dictionary(grouping: log.told.filter { $0.server != nil }, by: { $0.server! })
        for moment in moments {
            let expected = byServer.compactMapValues { state(of: $0, at: moment) }
            for filter in Filter.all {
                let wanted = expected.filter { filter.takes($1.status, $1.attributes) }.map(\.key)
                let rows = try await filter.pages(at: moment, of: 7, on: connection)
                #expect(
                    rows.map(\.serverId) == log.inOrder(wanted), "\(filter) at \(moment)")
                for row in rows {
                    let state = try #require(expected[row.serverId])
                    #expect(row.status == state.status && row.fromAt == state.from && row.untilAt == state.until)
                    #expect(try JSON(parsing: row.attributes.bytes).object == state.attributes)
                }
            }
        }
        await connection.close()
        await log.log.close()
    }

    @Test(arguments: ProjectionLawTests.Round.numbered(15, count: 1))
    func theWholeFleetAtAMomentIsTheFoldOfWhatHadHappened(_ round: ProjectionLawTests.Round) async throws {
        let (log, moments) = try await randomLog(round, servers: 60)
        let connection = try await Connection.open(log.url)
        let byServer = Dictionary(grouping: log.told.filter { $0.server != nil }, by: { $0.server! })
        for moment in moments {
            let expected = byServer.compactMapValues { state(of: $0, at: moment) }
            let rows = try await log.fleet(at: moment, of: 7, on: connection)
            #expect(rows.map(\.serverId) == log.inOrder(expected.map(\.key)), "at \(moment)")
            for row in rows {
                try expectSummary(row.cause, names: row.causePosition, lane: row.lane, in: log)
                let actual = State(
                    status: row.status, from: row.fromAt, until: row.untilAt, notBefore: row.notBefore,
                    entry: log.id(row.lane, row.position), cause: log.id(row.lane, row.causePosition),
                    attributes: try JSON(parsing: row.attributes.bytes).object ?? [:])
                #expect(actual == expected[row.serverId], "server \(row.serverId) at \(moment)")
            }
        }
        await connection.close()
        await log.log.close()
    }

    @Test(arguments: ProjectionLawTests.Round.numbered(13, count: 1))
    func theServersNowArePagedInOrder(_ round: ProjectionLawTests.Round) async throws {
        let (log, _) = try await randomLog(round, servers: 150)
        let connection = try await Connection.open(log.url)
        let expected = log.fold().filter { $1.server.open != nil }
        for filter in Filter.all {
            for limit: Int32 in [1, 7, 1000] {
                let wanted = expected.filter { filter.takes($1.server.open?.status ?? "", $1.server.attributes) }
                let rows = try await filter.pages(of: limit, on: connection)
                #expect(rows.map(\.serverId) == log.inOrder(wanted.map(\.key)), "\(filter), \(limit) a page")
                for row in rows {
                    let server = try #require(expected[row.serverId]?.server)
                    #expect(log.id(row.lane, row.position) == server.open?.entry)
                    #expect(row.lastSeenAt == server.lastSeen && row.firstSeenAt == server.firstSeen)
                    #expect(try JSON(parsing: row.attributes.bytes).object == server.attributes)
                    try expectMention(row.lastCall, server.lastCall, lane: row.lane, in: log)
                    try expectMention(row.lastError, server.lastError, lane: row.lane, in: log)
                    try expectSummary(row.cause, names: row.causePosition, lane: row.lane, in: log)
                }
            }
        }
        await connection.close()
        await log.log.close()
    }

    private func expectMention(_ summary: JSONText?, _ mention: Fold.Mention?, lane: Int16, in log: TestLog) throws {
        let position = try summary.map { try JSON(parsing: $0.bytes) }?["position"]?.int
        #expect(log.id(lane, position.map(Int64.init)) == mention?.entry)
    }

    @Test(arguments: ProjectionLawTests.Round.numbered(14, count: 1))
    func oneServerNowIsItsRow(_ round: ProjectionLawTests.Round) async throws {
        let (log, _) = try await randomLog(round, servers: 40)
        let connection = try await Connection.open(log.url)
        for (id, fold) in log.fold() {
            let row = try await connection.run { connection in
                try connection.fetchOne(Queries.Servers.fetchServer(lane: fold.server.lane, serverId: id))
            }
            #expect(row.status == fold.server.open?.status && row.fromAt == fold.server.open?.from)
            #expect(row.notBefore == fold.server.open?.notBefore)
            #expect(log.id(row.lane, row.causePosition) == fold.server.open?.cause)
            try expectMention(row.lastCall, fold.server.lastCall, lane: row.lane, in: log)
            try expectMention(row.lastError, fold.server.lastError, lane: row.lane, in: log)
        }
        let unknown = UUID()
        let none = try await connection.run { connection in
            try connection.fetchOptional(
                Queries.Servers.fetchServer(lane: Lane(of: unknown, lanes: log.log.lanes).number, serverId: unknown))
        }
        #expect(none == nil)
        await connection.close()
        await log.log.close()
    }
}

extension TestLog {
    /// Servers as pages have them: by lane, then by the bytes of the id.
    func inOrder(_ servers: [UUID]) -> [UUID] {
        servers.sorted {
            (Lane(of: $0, lanes: log.lanes), $0.uuidString) < (Lane(of: $1, lanes: log.lanes), $1.uuidString)
        }
    }
}
