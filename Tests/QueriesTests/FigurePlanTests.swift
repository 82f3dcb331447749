import FoundationEssentials
import Postgres
import Queries
import Testing

/// That the questions about figures read what their window or their server needs, and never the log or all visits.
@Suite(.loadedLog, .timeLimit(.minutes(20))) struct FigurePlanTests {
    private typealias Metrics = Queries.Metrics
    private let server = LoadedLog.server
    /// A minute near the end of the log, in which one visit in a hundred ended.
    private let until = LoadedLog.start.advanced(by: .seconds(19_990))
    private let from = LoadedLog.start.advanced(by: .seconds(19_930))

    /// What has a row a server or a source at most: it may be read as a whole where all servers are asked about.
    private static let small: Set<String> = [
        "servers", "server_sources", "coverage", "projections", "log_heads", "error_episodes",
    ]
    /// In this log there are so few failures that reading them all is the quickest way.
    private static let few: Set<String> = ["error_episodes"]

    private func timeInState(_ server: UUID?, host: String? = nil) -> Query<
        Metrics.FetchTimeInState
    > {
        Metrics.fetchTimeInState(
            from: from, until: until, by: "host", lane: server.map { _ in 0 }, serverId: server, host: host,
            projectId: nil, shareNetworkId: nil, known: nil, after: nil, limit: 100)
    }

    @Test("Time in state of all servers reads the visits of the window, that of one server its own")
    func timeInState() async throws {
        try await Session.run(Session.reader) { connection in
            for query in [timeInState(nil), timeInState(nil, host: "h1")] {
                let plan = try connection.plan(query)
                #expect(plan.scanned.isSubset(of: Self.small))
                #expect(plan.uses("status_intervals_by_time"))
            }
            let one = try connection.plan(timeInState(server))
            #expect(one.scanned.isSubset(of: ["coverage"]))
            #expect(one.uses("status_intervals_pkey") && one.uses("servers_pkey"))
        }
    }

    @Test("Failures, creations, capacity and comings and goings read the window")
    func windows() async throws {
        try await Session.run(Session.reader) { connection in
            for server in [nil, server] {
                let lane: Int16? = server.map { _ in 0 }
                let failures = try connection.plan(
                    Metrics.fetchFailures(
                        from: from, until: until, by: "fleet", lane: lane, serverId: server, host: nil, projectId: nil,
                        shareNetworkId: nil, known: nil))
                let creations = try connection.plan(
                    Metrics.fetchCreations(
                        from: from, until: until, by: "fleet", lane: lane, serverId: server, host: nil, projectId: nil,
                        shareNetworkId: nil, known: nil))
                #expect(failures.scanned.isSubset(of: server == nil ? Self.small : Self.few))
                #expect(creations.scanned.isSubset(of: server == nil ? Self.small : Self.few))
            }
            let capacity = try connection.plan(
                Metrics.fetchCapacity(
                    from: from, until: until, stepUs: 10_000_000, by: "fleet", host: nil, projectId: nil,
                    shareNetworkId: nil, limit: 1000, known: nil))
            let turnover = try connection.plan(
                Metrics.fetchTurnover(
                    from: from, until: until, stepUs: 10_000_000, by: "fleet", host: nil, projectId: nil,
                    shareNetworkId: nil, known: nil))
            for plan in [capacity, turnover] { #expect(plan.scanned.isSubset(of: Self.small)) }
        }
    }

    @Test(
        "Calls are counted from the hours, and read only where the window does not end with one; of a server by index")
    func calls() async throws {
        try await Session.run(Session.reader) { connection in
            for server in [nil, server] {
                let plan = try connection.plan(
                    Metrics.fetchCalls(
                        from: from, until: until, by: "operation", operation: nil, actorUserId: nil, projectId: nil,
                        host: nil, serverId: server, lane: server.map { _ in 0 }, outOfLog: false, known: nil))
                #expect(plan.scanned.isSubset(of: Self.small.union(["call_stats"])))
                #expect(!plan.scanned.contains { $0.hasPrefix("entries") })
            }
        }
    }

    @Test("The tellings of a call are found by its request id, and so is whether one of them counts")
    func tellings() async throws {
        try await Session.run(Session.reader) { connection in
            let sql = "SELECT position FROM dossier.tellings(0::smallint, 'req-0-5077', 20000)"
            let plan = try connection.plan(
                Query<Int64>(statement: Statement(name: "tellings", sql: sql)) { row throws(PostgresError) in
                    try row[0]
                })
            #expect(plan.scanned == [])
            #expect(plan.uses("request_id_lane_position_idx"))
        }
        try await Session.run(Session.projector) { connection in
            let plan = try connection.plan(Queries.Projections.applyCallStats(lane: 0, from: 10_000, until: 10_100))
            #expect(plan.scanned == [])
            #expect(plan.uses("request_id_lane_position_idx"))
            // Not through all that was called of a server since it was last seen.
            #expect(plan.uses(ServerPlanTests.byStatus))
        }
    }

    @Test("Errors, what is stuck and what was not allowed are found by time, and of one server by its id")
    func errors() async throws {
        try await Session.run(Session.reader) { connection in
            for server in [nil, server] {
                let lane: Int16? = server.map { _ in 0 }
                let plans = [
                    try connection.plan(
                        Queries.Errors.fetchErrors(
                            from: from, until: until, kind: nil, lane: lane, serverId: server, host: nil,
                            projectId: nil,
                            afterAt: nil, afterLane: nil, afterPosition: nil, limit: 100, known: nil)),
                    try connection.plan(
                        Queries.Conformance.fetchTransitions(
                            from: from, until: until, lane: lane, serverId: server, host: nil, projectId: nil,
                            afterAt: nil, afterLane: nil, afterPosition: nil, limit: 100, known: nil)),
                    try connection.plan(
                        Queries.Conformance.fetchCalls(
                            from: from, until: until, lane: lane, serverId: server, host: nil, projectId: nil,
                            afterAt: nil, afterLane: nil, afterPosition: nil, limit: 100, known: nil)),
                ]
                for (index, plan) in plans.enumerated() {
                    #expect(plan.scanned.isSubset(of: server == nil ? Self.small : Self.few), "plan \(index)")
                }
            }
            let stuck = try connection.plan(
                Queries.Errors.fetchStuck(
                    at: until, since: from, floorUs: 0, host: nil, projectId: nil, limit: 100, known: nil))
            #expect(stuck.scanned.isSubset(of: Self.small))
        }
    }

    @Test("What changed between two moments is found by time; how a server came, went, and what it was, by its id")
    func lives() async throws {
        try await Session.run(Session.reader) { connection in
            let diff = try connection.plan(
                Queries.Servers.fetchDiff(
                    from: from, until: until, known: nil, host: nil, projectId: nil, shareNetworkId: nil,
                    afterLane: nil,
                    afterServerId: nil, limit: 100))
            #expect(diff.scanned.isSubset(of: Self.small))
            #expect(diff.uses("status_intervals_by_time"))
            let ties = try connection.plan(Queries.Servers.fetchTies(lane: 0, serverId: server))
            #expect(ties.scanned.isSubset(of: ["coverage"]))
            #expect(ties.uses("servers_by_identifier"))
            for known in [nil, [LoadedLog.entries - 10, LoadedLog.entries - 10]] as [[Int64]?] {
                let plans = [
                    try connection.plan(
                        Queries.Servers.fetchEnds(lane: 0, serverId: server, until: nil, known: known)),
                    try connection.plan(
                        Queries.Servers.fetchChain(lane: 0, serverId: server, known: known, until: nil, limit: 100)),
                    try connection.plan(
                        Queries.Servers.fetchGaps(
                            lane: 0, serverId: server, from: nil, until: until, known: known, limit: 100)),
                ]
                for (index, plan) in plans.enumerated() {
                    #expect(plan.scanned.isSubset(of: ["coverage", "log_heads"]), "plan \(index)")
                    #expect(plan.uses("servers_pkey"), "plan \(index)")
                }
            }
        }
    }
}
