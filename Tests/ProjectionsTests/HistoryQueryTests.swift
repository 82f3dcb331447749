import DatabaseTesting
import EventLog
import FoundationEssentials
import Postgres
import Queries
import ShareServers
import Testing

@testable import Projections

/// One server's past: visits, details and entries, against the fold.
@Suite(.database) struct HistoryQueryTests {
    /// Asks the same of every server of a random log.
    private func forEachServer(
        _ round: ProjectionLawTests.Round,
        _ body: (_ server: UUID, _ told: [Told], _ lane: Int16, _ log: TestLog, _ connection: Connection) async throws
            -> Void
    ) async throws {
        var events = round.events
        var log = try await TestLog.open(lanes: round.lanes)
        try await log.append(events.log(servers: 40, length: 14, times: .few(6)))
        try await log.runner.catchUp()
        let connection = try await Connection.open(log.url)
        for (server, told) in Dictionary(grouping: log.told.filter { $0.server != nil }, by: { $0.server! }) {
            try await body(server, told, Lane(of: server, lanes: round.lanes).number, log, connection)
        }
        await connection.close()
        await log.log.close()
    }

    private static let moments: [Timestamp?] = [nil] + [-1, 0, 1, 3, 5, 20].map(RandomEvents.time)

    @Test(arguments: ProjectionLawTests.Round.numbered(21, count: 1))
    func visitsAreThoseThatOverlapTheWindow(_ round: ProjectionLawTests.Round) async throws {
        try await forEachServer(round) { server, told, lane, log, connection in
            let visits = Fold(told).visits
            for from in Self.moments {
                for until in Self.moments {
                    let rows = try await connection.run { connection in
                        try connection.fetchAll(
                            Queries.Servers.fetchVisits(
                                lane: lane, serverId: server, from: from, until: until, known: nil, limit: 1000))
                    }
                    let expected = visits.filter { visit in
                        (from == nil || visit.until == nil || visit.until! > from!)
                            && (until == nil || visit.from < until!)
                    }
                    #expect(rows.map { log.id(lane, $0.position) } == expected.map(\.entry))
                    #expect(rows.map(\.status) == expected.map(\.status))
                    #expect(rows.map(\.fromAt) == expected.map(\.from))
                    #expect(rows.map(\.untilAt) == expected.map(\.until))
                    #expect(rows.map(\.notBefore) == expected.map(\.notBefore))
                    #expect(rows.map { log.id(lane, $0.causePosition) } == expected.map(\.cause))
                }
            }
            let first = try await connection.run { connection in
                try connection.fetchAll(
                    Queries.Servers.fetchVisits(
                        lane: lane, serverId: server, from: nil, until: nil, known: nil, limit: 2))
            }
            #expect(first.map { log.id(lane, $0.position) } == visits.prefix(2).map(\.entry))
        }
    }

    @Test(arguments: ProjectionLawTests.Round.numbered(22, count: 1))
    func detailsAreTheLastShownByAMoment(_ round: ProjectionLawTests.Round) async throws {
        try await forEachServer(round) { server, told, lane, log, connection in
            for moment in Self.moments {
                let row = try await connection.run { connection in
                    try connection.fetchOptional(
                        Queries.Servers.fetchDetails(lane: lane, serverId: server, at: moment))
                }
                let expected = told.filter { $0.isDetails && (moment == nil || $0.time <= moment!) }
                    .max { ($0.time, $0.position) < ($1.time, $1.position) }
                #expect(log.id(lane, row?.position) == expected?.id)
                #expect(row?.occurredAt == expected?.time)
                #expect(try row.map { try JSON(parsing: $0.details.bytes) } == expected?.data["details"])
            }
        }
    }

    @Test(arguments: ProjectionLawTests.Round.numbered(23, count: 1), [true, false])
    func historyIsPagedInTheOrderOfWhatHappened(_ round: ProjectionLawTests.Round, reads: Bool) async throws {
        let reading = ["list", "show", "details", "migration_check", "migration_get_progress"]
        try await forEachServer(round) { server, told, lane, log, connection in
            let counted = Set(AnalyticsFold.counted(log.told).map(\.position))
            let expected = told.filter { entry in
                if entry.isCall, !counted.contains(entry.position) { return false }
                return reads || !entry.isCall || !reading.contains(entry.data["operation"]?.string ?? "")
                    || !(entry.httpStatus.map { (200...399).contains($0) } ?? false)
            }
            var rows: [(position: Int64, time: Timestamp)] = []
            while true {
                let last = rows.last
                let page = try await connection.run { connection in
                    try connection.fetchAll(
                        Queries.Servers.fetchHistory(
                            lane: lane, serverId: server, from: nil, until: nil, afterAt: last?.time,
                            afterPosition: last?.position, reads: reads, known: nil, limit: 3))
                }
                for row in page {
                    let (event, _) = try Event.stored(Array(row.body.utf8))
                    rows.append((row.position, event.time))
                }
                if page.count < 3 { break }
            }
            let ordered = expected.sorted { ($0.time, $0.position) < ($1.time, $1.position) }
            #expect(rows.map { log.id(lane, $0.position) } == ordered.map(\.id))
        }
    }
}
