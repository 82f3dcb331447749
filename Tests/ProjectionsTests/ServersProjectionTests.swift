import DatabaseTesting
import EventLog
import FoundationEssentials
import Postgres
import ShareServers
import Testing

@testable import Projections

/// Small histories whose tables were written down by hand.
@Suite(.database) struct ServersProjectionTests {
    /// A visit as an example puts it; seconds since the start of the example, entries by their place in it.
    struct Visit: Equatable {
        var status: String
        var from: Int
        var until: Int?
        var notBefore: Int?
        var cause: Int?

        init(_ status: String, _ from: Int, _ until: Int?, notBefore: Int? = nil, cause: Int? = nil) {
            (self.status, self.from, self.until, self.notBefore, self.cause) = (status, from, until, notBefore, cause)
        }
    }

    /// Appends the history of one server and answers its tables, in every way of splitting it in two, and one by one.
    private func tables(of history: [Happening]) async throws -> [Fold] {
        var log = try await TestLog.open(lanes: 1)
        try await log.append(try history.enumerated().map { try $1.event(id: "\($0)") })
        var folds: [Fold] = []
        let connection = try await ProjectionRunner.open(log.url)
        for first in 0...history.count {
            try await log.forget()
            if first > 0 { _ = try await Projection.servers.advance(by: Int64(first), on: connection) }
            // With nothing applied at once, the batches are of one entry each.
            let then = first == 0 ? 1 : TestLog.everything
            while try await Projection.servers.advance(by: then, on: connection) {}
            folds.append(try #require(try await log.tables()[Happening.server]))
        }
        await connection.close()
        await log.log.close()
        return folds
    }

    private func expectVisits(_ history: [Happening], _ expected: [Visit]) async throws {
        for (first, fold) in try await tables(of: history).enumerated() {
            let visits = fold.visits.map { visit in
                Visit(
                    visit.status, Happening.second(visit.from), visit.until.map(Happening.second),
                    notBefore: visit.notBefore.map(Happening.second), cause: visit.cause.flatMap { Int($0) })
            }
            #expect(visits == expected, "the first batch of \(first)")
        }
    }

    @Test func consecutiveSightingsOfOneStatusAreOneVisit() async throws {
        try await expectVisits(
            [.status("active", 10), .status("active", 20), .status("error", 30), .status("active", 40)],
            [
                Visit("active", 10, 30), Visit("error", 30, 40, notBefore: 20), Visit("active", 40, nil, notBefore: 30),
            ])
    }

    @Test func aFirstVisitIsUncertainOnlyIfItsSightingSaysSo() async throws {
        try await expectVisits([.status("creating", 10)], [Visit("creating", 10, nil)])
    }

    @Test func aFirstVisitKeepsTheBoundOfItsSighting() async throws {
        try await expectVisits([.status("creating", 10, notBefore: 4)], [Visit("creating", 10, nil, notBefore: 4)])
    }

    @Test func theLaterOfTwoBoundsCounts() async throws {
        try await expectVisits(
            [
                .status("active", 10), .status("active", 20), .status("error", 30, notBefore: 25),
                .status("active", 40, notBefore: 5), .status("error", 50, notBefore: 50),
            ],
            [
                Visit("active", 10, 30), Visit("error", 30, 40, notBefore: 25),
                Visit("active", 40, 50, notBefore: 30), Visit("error", 50, nil, notBefore: 50),
            ])
    }

    @Test func aLateSightingSplitsTheVisitItFallsInto() async throws {
        try await expectVisits(
            [.status("active", 10), .status("active", 30), .status("inactive", 40), .status("error", 20)],
            [
                Visit("active", 10, 20), Visit("error", 20, 30, notBefore: 10), Visit("active", 30, 40, notBefore: 20),
                Visit("inactive", 40, nil, notBefore: 30),
            ])
    }

    @Test func aLateSightingJoinsTheVisitsBesideIt() async throws {
        try await expectVisits(
            [.status("active", 10), .status("error", 20), .status("error", 40), .status("error", 15)],
            [Visit("active", 10, 15), Visit("error", 15, nil, notBefore: 10)])
    }

    @Test func theLastAcceptedChangeBetweenTwoVisitsCausedTheSecond() async throws {
        try await expectVisits(
            [
                .call("manage", 8, 202), .status("manage_starting", 10), .call("reset_status", 11, 202),
                .call("delete", 12, 409), .call("show", 13, 200), .status("active", 14), .call("delete", 20, 202),
                .status("deleting", 20), .status("absent", 30), .call("migration_check", 31, 200),
                .status("active", 32),
            ],
            [
                Visit("manage_starting", 10, 14, cause: 0), Visit("active", 14, 20, notBefore: 10, cause: 2),
                Visit("deleting", 20, 30, notBefore: 14, cause: 6), Visit("absent", 30, 32, notBefore: 20),
                Visit("active", 32, nil, notBefore: 30),
            ])
    }

    @Test func aLateCallCausesTheVisitThatFollowedIt() async throws {
        try await expectVisits(
            [
                .status("active", 10), .status("error", 20), .status("active", 30), .call("reset_status", 25, 202),
                .call("reset_task_state", 20, 202), .call("delete", 10, 202),
            ],
            [
                Visit("active", 10, 20, cause: 5), Visit("error", 20, 30, notBefore: 10, cause: 4),
                Visit("active", 30, nil, notBefore: 20, cause: 3),
            ])
    }

    @Test func aLateCallAtTheBeginningOfTwoVisitsCausedTheFirst() async throws {
        try await expectVisits(
            [.status("error", 0), .status("active", 0), .call("delete", 0, 299)],
            [Visit("error", 0, 0, cause: 2), Visit("active", 0, nil, notBefore: 0)])
    }

    @Test func noCallBeforeTheBeginningOfTheFormerVisitIsACause() async throws {
        try await expectVisits(
            [
                .call("manage", 0, 202), .status("active", 0), .status("active", 1), .status("error", 0),
                .status("active", 0),
            ],
            [
                Visit("active", 0, 0, cause: 0), Visit("error", 0, 0, notBefore: 0),
                Visit("active", 0, nil, notBefore: 0),
            ])
    }

    @Test func aServerIsWhereItWasLastSeenWhenItsVisitEnded() async throws {
        let history: [Happening] = [
            .seen(0, ["status": "active", "host": "h1", "project_id": "p1"]), .seen(1, ["status": "error"]),
            .seen(2, ["host": "h2"]), .seen(3, ["status": "active", "host": "h3", "project_id": nil]),
            .seen(4, ["host": nil, "share_network_id": "n1"]), .seen(5, ["status": "error", "share_network_id": "n2"]),
            .seen(6, ["status": "active"]),
        ]
        for fold in try await tables(of: history) {
            #expect(fold.visits.map(\.host) == ["h1", "h2", nil, nil, nil])
            #expect(fold.visits.map(\.projectID) == ["p1", "p1", nil, nil, nil])
            #expect(fold.visits.map(\.shareNetworkID) == [nil, nil, "n1", "n2", "n2"])
        }
    }

    @Test func everyAttributeIsAsItWasLastSeen() async throws {
        let history: [Happening] = [
            .seen(9, ["task_state": "late", "created_at": "2026-08-31T23:00:00Z"]),
            .seen(5, ["host": "h1", "task_state": "early"]),
            .seen(7, ["status": "active", "host": nil, "share_network_subnet_ids": ["a", "b"]]),
            .seen(8, ["status": "active", "not_before": .string(Happening.time(1).description)]),
        ]
        for fold in try await tables(of: history) {
            #expect(
                fold.server.attributes == [
                    "task_state": "late", "created_at": "2026-08-31T23:00:00Z", "host": nil, "status": "active",
                    "share_network_subnet_ids": ["a", "b"],
                ])
            #expect(fold.server.host == nil)
            #expect(fold.server.firstSeen == Happening.time(7))
            #expect(fold.server.lastSeen == Happening.time(8))
        }
    }

    @Test func theLatestCallErrorAndDetailsStayWheneverTheyCome() async throws {
        let history: [Happening] = [
            .call("reset_status", 30, 202), .call("delete", 20, 500), .status("xerror", 90), .details(12),
            .status("manage_error", 15), .call("delete", 29, nil), .call("show", 40, 404), .details(11),
            .call("other", 50, 500),
        ]
        for fold in try await tables(of: history) {
            #expect(fold.server.lastCall == Fold.Mention(time: Happening.time(30), entry: "0"))
            #expect(fold.server.lastError == Fold.Mention(time: Happening.time(20), entry: "1"))
            #expect(fold.server.details == Fold.Mention(time: Happening.time(12), entry: "3"))
        }
    }

    @Test func aServerThatOnlyCallsHaveNamedHasARowWithoutStatus() async throws {
        for fold in try await tables(of: [.call("delete", 3, 404)]) {
            #expect(fold.visits == [])
            #expect(fold.server.attributes == [:])
            #expect(fold.server.seen == nil)
            #expect(fold.server.lastError == Fold.Mention(time: Happening.time(3), entry: "0"))
        }
    }
}

extension Projection {
    /// Applies the next entries of the only lane.
    fileprivate func advance(by count: Int64, on connection: Connection) async throws -> Bool {
        try await connection.transaction { connection in
            try advance(0, by: count, to: try Projection.size(of: 0, on: connection), on: connection)
        }
    }
}
