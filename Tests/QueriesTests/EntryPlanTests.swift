import FoundationEssentials
import Postgres
import Queries
import Testing

/// That entries are found, appended and applied by index, whatever the size of the log.
@Suite(.loadedLog, .timeLimit(.minutes(20))) struct EntryPlanTests {
    private typealias Events = Queries.Events

    @Test("Entries are found by their positions")
    func positions() async throws {
        try await Session.run(Session.reader) { connection in
            let plans = [
                try connection.plan(Events.fetchEvent(lane: 1, position: 12_345)),
                try connection.plan(Queries.Log.fetchBodies(lane: 0, from: 5000, until: 6000)),
                try connection.plan(Queries.Log.fetchEntriesWhole(lane: 1, from: 5000, until: 6000)),
                try connection.plan(Queries.Log.fetchPositionsBeyond(lane: 0, from: LoadedLog.entries - 1)),
            ]
            for (index, plan) in plans.enumerated() {
                // The tables of a row a lane are as quick to read as any index.
                #expect(plan.scanned.isSubset(of: ["log_heads", "projections"]), "plan \(index)")
                #expect(plan.uses("_pkey"), "plan \(index)")
            }
            let beyond = try connection.plan(Queries.Log.fetchPositionsBeyond(lane: 0, from: LoadedLog.entries))
            #expect(beyond.scanned == [])
        }
    }

    @Test("Leaf hashes are found by their positions, by the function that reads all entries")
    func leafHashes() async throws {
        try await Session.run([]) { connection in
            let body = Query<String>(
                statement: Statement(
                    name: "body",
                    sql:
                        "SELECT prosrc FROM pg_proc WHERE oid = 'dossier.leaf_hashes(smallint, bigint[])'::regprocedure"
                )
            ) { row throws(PostgresError) in try row[0] }
            let sql = try connection.fetchOne(body).replacing("of_lane", with: "0::smallint")
                .replacing("(positions)", with: "(array(select generate_series(5000, 5254)) || 12000::bigint)")
            let plan = try connection.plan(
                Query<Int64>(statement: Statement(name: "leaves", sql: sql)) { row throws(PostgresError) in try row[0] }
            )
            #expect(plan.scanned == [])
            #expect(plan.uses("_pkey"))
        }
    }

    /// A search with one filter.
    private struct Filter: Sendable {
        var server: UUID?
        var type: String?
        var operation: String?
        var actor: String?
        var request: String?
        var project: String?
        var http: (Int32, Int32)?
        var from: Timestamp?
        var until: Timestamp?
        var status: String?
        var host: String?

        func query(_ positions: Range<Int64>) -> Query<Events.FetchEvents> {
            Events.fetchEvents(
                lane: 0, from: positions.lowerBound, until: positions.upperBound, serverId: server, type: type,
                operation: operation, actorUserId: actor, requestId: request, projectId: project,
                httpStatusFrom: http?.0, httpStatusUntil: http?.1, occurredFrom: from, occurredUntil: until,
                status: status, host: host, limit: 100)
        }
    }

    /// What a page looks through is a small part of a log, as it is of a long one in use.
    @Test("A search looks through the positions of its page by index, with each single filter, common or never met")
    func search() async throws {
        let unheard = "unheard of"
        let filters = [
            Filter(), Filter(server: LoadedLog.server), Filter(server: UUID()),
            Filter(type: "org.openstack.manila.share_server.status"), Filter(type: unheard),
            Filter(operation: "reset_status"), Filter(operation: "show"), Filter(operation: unheard),
            Filter(actor: "u1"), Filter(actor: unheard), Filter(request: "req-0-8001"), Filter(request: unheard),
            Filter(project: "p1"), Filter(project: unheard), Filter(http: (400, 600)), Filter(http: (100, 101)),
            Filter(from: LoadedLog.start), Filter(from: LoadedLog.late), Filter(until: LoadedLog.start),
            Filter(until: LoadedLog.late), Filter(status: "creating"), Filter(status: unheard), Filter(host: "h1"),
            Filter(host: unheard),
        ]
        try await Session.run(Session.reader) { connection in
            for (index, filter) in filters.enumerated() {
                // Within one partition, and over the end of one.
                for positions in [1000..<3000, 9000..<11_000] as [Range<Int64>] {
                    let plan = try connection.plan(filter.query(positions))
                    #expect(plan.scanned == [], "filter \(index), \(positions)")
                    #expect(!plan.indexes.isEmpty, "filter \(index), \(positions)")
                }
            }
        }
    }

    @Test("A search by server, by request and by an operation that changes uses that index over the whole log")
    func ownIndex() async throws {
        try await Session.run(Session.reader) { connection in
            let whole = 0..<LoadedLog.entries
            for (filter, index) in [
                (Filter(server: LoadedLog.server), "_lane_server_id_occurred_at_position_idx"),
                (Filter(request: "req-0-8001"), "_request_id_lane_position_idx"),
                (Filter(operation: "delete"), "_lane_operation_position_idx"),
                (Filter(operation: "reset_status"), "_lane_operation_position_idx"),
            ] {
                let plan = try connection.plan(filter.query(whole))
                #expect(plan.scanned == [], "\(index)")
                #expect(plan.uses(index), "\(index)")
            }
        }
    }

    @Test("What a source said of servers is found by index: before a moment, and at one", arguments: [1, 256])
    func noted(count: Int) async throws {
        try await Session.run(Session.writer) { connection in
            let servers = [LoadedLog.server] + (1..<count).map { _ in UUID() }
            for since in [Timestamp.earliest, LoadedLog.start] {
                let plan = try connection.plan(
                    Queries.Log.fetchNoted(
                        lane: 0, serverIds: servers, since: servers.map { _ in since },
                        until: servers.map { _ in LoadedLog.late }, source: "/poller/2", latest: 64))
                #expect(plan.scanned == [])
                #expect(plan.uses("_lane_server_id_occurred_at_position_idx"))
            }
            let statement = try #require(Queries.all.first { $0.name == "log/fetch_noted" })
            #expect(try connection.genericPlan(statement).scanned == [])
        }
    }

    /// As many as are a small part of this log: of a long one, a whole batch is.
    @Test("The keys of events are looked up by index, for one event and for a hundred", arguments: [1, 10, 100])
    func keys(count: Int) async throws {
        try await Session.run(Session.writer) { connection in
            let plan = try connection.plan(Queries.Log.fetchKeys(eventKeys: (0..<count).map { _ in UUID() }))
            #expect(plan.scanned == [])
            #expect(plan.indexes == ["event_keys_pkey"])
        }
    }

    /// A session that appends may choose a plan for any parameters, which knows nothing of how many keys there are.
    @Test("The keys of events are looked up by index in the plan for any parameters, too")
    func genericKeys() async throws {
        let statement = try #require(Queries.all.first { $0.name == "log/fetch_keys" })
        try await Session.run(Session.writer) { connection in
            let plan = try connection.genericPlan(statement)
            #expect(plan.scanned == [])
            #expect(plan.indexes == ["event_keys_pkey"])
        }
    }

    /// A batch of a stream, and one that came late.
    @Test("New entries are applied to the projections without reading the log, the fleet or the visits from end to end")
    func apply() async throws {
        typealias Apply = Queries.Projections
        try await Session.run(Session.projector) { connection in
            for (from, until) in [(19_900, 20_000), (19_999, 20_000), (8000, 8100), (12_000, 12_100)]
                as [(Int64, Int64)]
            {
                for lane in [0, 1] as [Int16] {
                    let commands = [
                        Apply.rewindServers(lane: lane, from: from, until: until),
                        Apply.applyStatusEvents(lane: lane, from: from, until: until),
                        Apply.applyCalls(lane: lane, from: from, until: until),
                        Apply.applyErrorEpisodes(lane: lane, from: from, until: until),
                        Apply.applyCallStats(lane: lane, from: from, until: until),
                        Apply.removeEmptyCallStats(lane: lane),
                        Apply.rewindCoverage(lane: lane, from: from, until: until),
                        Apply.applyCoverage(lane: lane, from: from, until: until),
                        Apply.applyGaps(lane: lane, from: from, until: until),
                        Apply.applyServerSources(lane: lane, from: from, until: until),
                    ]
                    for command in commands {
                        let plan = try connection.plan(command)
                        // There are 80 episodes: one page.
                        let scanned = plan.scanned.subtracting(["error_episodes"])
                        #expect(scanned == [], "\(command.statement.name) \(from)..<\(until)")
                        #expect(plan.indexes != [], "\(command.statement.name)")
                    }
                }
            }
        }
    }
}
