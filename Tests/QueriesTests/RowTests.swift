import FoundationEssentials
import Postgres
import Queries
import Testing

/// That rows are read as the types that their files declare: a column declared never null is never null.
@Suite(.loadedLog, .timeLimit(.minutes(20))) struct RowTests {
    private let server = LoadedLog.server

    @Test("One server's rows are those that were written")
    func server() async throws {
        typealias Servers = Queries.Servers
        try await Session.run(Session.reader) { connection in
            let now = try connection.fetchOne(Servers.fetchServer(lane: 0, serverId: server))
            #expect(now.status == "network_change")
            #expect(now.position == LoadedLog.positions[4])
            #expect(now.serverId == server)
            let at = LoadedLog.start.advanced(by: .seconds(5000))
            let past = try connection.fetchOne(Servers.fetchServerAt(lane: 0, serverId: server, at: at, known: nil))
            #expect(past.status == "active")
            #expect(past.position == LoadedLog.positions[1])
            #expect(past.untilAt == LoadedLog.start.advanced(by: .seconds(16_077)))
            let details = try connection.fetchOne(Servers.fetchDetails(lane: 0, serverId: server, at: nil))
            #expect(details.position == LoadedLog.positions[3])
            #expect(String(decoding: details.details.bytes, as: UTF8.self).filter { $0 != " " } == #"{"shown":12077}"#)
            let history = try connection.fetchAll(
                Servers.fetchHistory(
                    lane: 0, serverId: server, from: nil, until: nil, afterAt: nil, afterPosition: nil, reads: true,
                    known: nil, limit: 100))
            #expect(history.map(\.position) == LoadedLog.positions)
            let visits = try connection.fetchAll(
                Servers.fetchVisits(lane: 0, serverId: server, from: nil, until: nil, known: nil, limit: 100))
            #expect(visits.map(\.status) == ["creating", "active", "network_change"])
            #expect(visits.map { $0.untilAt == nil } == [false, false, true])
            #expect(try connection.fetchOptional(Servers.fetchServer(lane: 1, serverId: server)) == nil)
        }
    }

    /// Of server 77 the fourth entry shows its details and the fifth is its last status; the source of both is 77 mod 3.
    @Test("What a source said of a server are the latest rows within the time, in order, and those of no other source")
    func noted() async throws {
        try await Session.run(Session.reader) { connection in
            func noted(
                _ source: String, since: Timestamp, until: Timestamp, _ connection: isolated Connection
            ) throws(PostgresError) -> [Queries.Log.FetchNoted] {
                try connection.fetchAll(
                    Queries.Log.fetchNoted(
                        lane: 0, serverIds: [UUID(), server], since: [since, since], until: [until, until],
                        source: source, latest: 2))
            }
            let times = LoadedLog.positions.map { LoadedLog.start.advanced(by: .seconds($0)) }
            let rows = try noted("/poller/2", since: LoadedLog.start, until: LoadedLog.late, connection)
            #expect(rows.map(\.serverId) == [server, server])
            #expect(rows.map(\.occurredAt) == [times[3], times[4]])
            #expect(rows.map { $0.type.split(separator: ".").last } == ["backend_details", "status"])
            #expect(
                try noted("/poller/2", since: times[0], until: times[4], connection).map(\.occurredAt) == [
                    times[1], times[3],
                ])
            #expect(try noted("/poller/2", since: times[1], until: times[1], connection).isEmpty)
            #expect(try noted("/poller/1", since: LoadedLog.start, until: LoadedLog.late, connection).isEmpty)
        }
    }

    @Test("Every page of the fleet is read, now and at a moment, and the pages together are the fleet")
    func fleet() async throws {
        typealias Servers = Queries.Servers
        try await Session.run(Session.reader) { connection in
            var now: [UUID] = []
            var last: Servers.FetchServers?
            repeat {
                let page = try connection.fetchAll(
                    Servers.fetchServers(
                        afterLane: last?.lane, afterServerId: last?.serverId, status: nil, statusClass: nil, host: nil,
                        projectId: nil, shareNetworkId: nil, limit: 1500))
                now += page.map(\.serverId)
                last = page.last
            } while last != nil
            #expect(now.count == 2 * (LoadedLog.servers - 1))
            #expect(Set(now).count == now.count)
            var past: [UUID] = []
            var lastPast: Servers.FetchServersAt?
            repeat {
                let page = try connection.fetchAll(
                    Servers.fetchServersAt(
                        afterLane: lastPast?.lane, afterServerId: lastPast?.serverId, status: nil, statusClass: nil,
                        host: nil, projectId: nil, shareNetworkId: nil, at: LoadedLog.late, known: nil, limit: 1500))
                past += page.map(\.serverId)
                lastPast = page.last
            } while lastPast != nil
            #expect(past == now)
        }
    }

    @Test("Entries, keys, heads and progress are read as they were written")
    func log() async throws {
        typealias Log = Queries.Log
        let late = LoadedLog.entries - 10
        try await Session.run(Session.writer) { connection in
            let whole = try connection.fetchAll(Log.fetchEntriesWhole(lane: 1, from: late, until: late + 100))
            let bodies = try connection.fetchAll(Log.fetchBodies(lane: 1, from: late, until: late + 100))
            #expect(whole.map(\.position) == Array(late..<LoadedLog.entries))
            #expect(whole.map(\.body.bytes) == bodies.map { Array($0.body.utf8) })
            let keys = try connection.fetchAll(Log.fetchKeys(eventKeys: [UUID(), UUID()]))
            #expect(keys == [])
            let counted = try connection.fetchOne(Log.countKeys(lane: 1, lanes: 2))
            #expect(counted.count == LoadedLog.entries)
            #expect(counted.stray == 0)
            #expect(try connection.fetchOne(Log.countKeys(lane: 0, lanes: 1)).stray == LoadedLog.entries)
            #expect(try connection.fetchAll(Log.fetchHeads()).map(\.size) == [LoadedLog.entries, LoadedLog.entries])
            #expect(try connection.fetchOne(Log.lockHead(lane: 1)).size == LoadedLog.entries)
            #expect(try connection.fetchAll(Log.fetchSubtrees(lane: 0)) == [])
            #expect(try connection.fetchOne(Log.fetchSettings()).partitionEntries == 10_000)
            #expect(try connection.fetchOne(Log.fetchRedactionKey()).key.bytes.count == 32)
            #expect(try connection.fetchOptional(Log.fetchPositionsBeyond(lane: 0, from: LoadedLog.entries)) == nil)
            #expect(try connection.fetchOne(Log.fetchPositionsBeyond(lane: 0, from: 12)).position == 12)
        }
        try await Session.run(Session.reader) { connection in
            let progress = try connection.fetchAll(Queries.Projections.fetchProgress(projections: ["servers"]))
            #expect(progress.map(\.position) == [LoadedLog.entries - 1, LoadedLog.entries - 1])
            #expect(progress.allSatisfy { $0.nextRecordedAt != nil })
            let both = try connection.fetchAll(
                Queries.Projections.fetchProgress(projections: ["servers", "unheard of"]))
            #expect(both.map(\.position) == [0, 0])
            let versions = try connection.fetchAll(Queries.Projections.fetchVersions(projection: "servers"))
            #expect(versions.map(\.version) == [1, 1])
            let none = try connection.fetchAll(Queries.Projections.fetchVersions(projection: "unheard of"))
            #expect(none.map(\.version) == [nil, nil])
            let migrations = try connection.fetchAll(Queries.Schema.fetchMigrations())
            #expect(migrations.map(\.number) == Array(1...Int32(migrations.count)))
            #expect(try connection.fetchOne(Queries.Schema.fetchMigrationsExist()).exist)
        }
    }
}
