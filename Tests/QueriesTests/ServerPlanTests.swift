import FoundationEssentials
import Postgres
import Queries
import Testing

/// That questions about servers find what they need by index, whatever the size of the log.
@Suite(.loadedLog, .timeLimit(.minutes(20))) struct ServerPlanTests {
    private typealias Servers = Queries.Servers
    private let server = LoadedLog.server

    @Test("The check of plans sees a statement that reads a table from end to end")
    func control() async throws {
        try await Session.run(Session.reader) { connection in
            let statement = Statement(
                name: "control", sql: "select 1 from dossier.entries where body like '%x%' and status = 'active'")
            let query = Query<Int32>(statement: statement) { row throws(PostgresError) in try row[0] }
            // Of four partitions two hold entries.
            #expect(try connection.plan(query).scanned == ["entries_p000000", "entries_p000001"])
            let other = Statement(name: "other", sql: "select 1 from dossier.entries where lane = 0 and position = 7")
            let plan = try connection.plan(Query<Int32>(statement: other) { row throws(PostgresError) in try row[0] })
            #expect(plan.scanned == [])
            #expect(plan.indexes == ["entries_p000000_pkey"])
        }
    }

    @Test("One server's state is found by index, now and at a moment")
    func state() async throws {
        try await Session.run(Session.reader) { connection in
            let now = try connection.plan(Servers.fetchServer(lane: 0, serverId: server))
            #expect(now.scanned == [])
            #expect(now.uses("servers_pkey") && now.uses("entries_p000000_pkey"))
            let past = try connection.plan(
                Servers.fetchServerAt(lane: 0, serverId: server, at: LoadedLog.late, known: nil))
            #expect(past.scanned == [])
            #expect(past.uses("status_intervals_pkey") && past.uses("servers_pkey") && past.uses(Self.byStatus))
            for at in [nil, LoadedLog.late] {
                let details = try connection.plan(Servers.fetchDetails(lane: 0, serverId: server, at: at))
                #expect(details.scanned == [])
                #expect(details.uses(Self.byServer))
            }
        }
    }

    /// PostgreSQL names a partition's part of `entries_by_server` after its columns, and numbers that of
    /// `entries_by_status`, which has the same.
    private static let byServer = "lane_server_id_occurred_at_position_idx"
    static let byStatus = byServer + "1"

    @Test("One server's history and visits are found by index: all, in a window, and page by page")
    func history() async throws {
        try await Session.run(Session.reader) { connection in
            let end = LoadedLog.late.advanced(by: .seconds(600))
            for (from, until) in [(nil, nil), (LoadedLog.late, nil), (LoadedLog.late, end)]
                as [(Timestamp?, Timestamp?)]
            {
                for (afterAt, afterPosition) in [(nil, nil), (LoadedLog.start, 77)] as [(Timestamp?, Int64?)] {
                    for reads in [true, false] {
                        let plan = try connection.plan(
                            Servers.fetchHistory(
                                lane: 0, serverId: server, from: from, until: until, afterAt: afterAt,
                                afterPosition: afterPosition, reads: reads, known: nil, limit: 100))
                        #expect(plan.scanned == [], "\(String(describing: from)) \(String(describing: afterAt))")
                        #expect(plan.uses(Self.byServer))
                    }
                }
                let visits = try connection.plan(
                    Servers.fetchVisits(lane: 0, serverId: server, from: from, until: until, known: nil, limit: 100))
                #expect(visits.scanned == [])
                #expect(visits.indexes.isSuperset(of: ["status_intervals_pkey", "servers_pkey"]))
            }
        }
    }

    private func page(
        after: (Int16, UUID)? = nil, status: String? = nil, statusClass: String? = nil, host: String? = nil,
        project: String? = nil, network: String? = nil
    ) -> Query<Servers.FetchServers> {
        Servers.fetchServers(
            afterLane: after?.0, afterServerId: after?.1, status: status, statusClass: statusClass, host: host,
            projectId: project, shareNetworkId: network, limit: 100)
    }

    @Test("A page of the fleet is read along an index, the first and the next, and by status")
    func fleet() async throws {
        try await Session.run(Session.reader) { connection in
            for query in [page(), page(after: (0, server)), page(after: (1, server))] {
                let plan = try connection.plan(query)
                #expect(plan.scanned == [])
                #expect(plan.uses("servers_pkey") && plan.uses("entries_p000000_pkey"))
            }
            for status in ["error", "network_change", "active", "unheard of"] {
                #expect(try connection.plan(page(status: status)).scanned == [], "\(status)")
            }
        }
    }

    /// What is asked of every server may cost as much as there are servers, never as much as there are entries.
    @Test("A filter that has no index reads the fleet at most, and never the log")
    func fleetFilters() async throws {
        try await Session.run(Session.reader) { connection in
            for query in [
                page(statusClass: "failed"), page(statusClass: "serving"), page(host: "h1"), page(host: "unheard of"),
                page(project: "p1"), page(project: "unheard of"), page(network: "n1"), page(network: "unheard of"),
            ] {
                let plan = try connection.plan(query)
                #expect(plan.scanned.isSubset(of: ["servers"]))
            }
        }
    }

    @Test("The fleet as it was at a late moment reads the servers at most, and of visits and entries what it needs")
    func fleetAt() async throws {
        try await Session.run(Session.reader) { connection in
            let filters: [(String?, String?, String?, String?, String?)] = [
                (nil, nil, nil, nil, nil), ("error", nil, nil, nil, nil), (nil, "failed", nil, nil, nil),
                (nil, nil, "h1", nil, nil), (nil, nil, nil, "p1", nil), (nil, nil, nil, nil, "n1"),
            ]
            for after in [nil, server] {
                for (status, statusClass, host, project, network) in filters {
                    let plan = try connection.plan(
                        Servers.fetchServersAt(
                            afterLane: after.map { _ in 0 }, afterServerId: after, status: status,
                            statusClass: statusClass, host: host, projectId: project, shareNetworkId: network,
                            at: LoadedLog.late, known: nil, limit: 100))
                    #expect(plan.scanned.isSubset(of: ["servers"]), "\(filters)")
                    #expect(plan.uses("status_intervals_by_time") && plan.uses(Self.byStatus))
                }
            }
        }
    }

    @Test("A page of the whole fleet at a moment looks up each of its servers, and reads no table whole")
    func wholeFleetAt() async throws {
        try await Session.run(Session.reader) { connection in
            for after in [nil, server] {
                for moment in [LoadedLog.late, LoadedLog.late.advanced(by: .seconds(-86_400))] {
                    let plan = try connection.plan(
                        Servers.fetchFleetAt(
                            afterLane: after.map { _ in 0 }, afterServerId: after, at: moment, limit: 100))
                    #expect(plan.scanned.isEmpty)
                    #expect(plan.uses("servers_pkey") && plan.uses("status_intervals_pkey") && plan.uses(Self.byStatus))
                }
            }
        }
    }
}
