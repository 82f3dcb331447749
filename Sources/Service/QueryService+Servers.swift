import FoundationEssentials
import HTTPTypes
import Hummingbird
import Postgres
import Queries
import ShareServers

extension QueryService {
    /// `GET /v1/servers`: 200 with the servers now, or at a moment; those gone are included.
    @Sendable func servers(_ request: Request, _ context: Context) async throws -> Response {
        let query = try QueryParameters(
            request,
            known: [
                "status", "class", "host", "project_id", "share_network_id", "at", "known_at", "limit", "cursor",
            ])
        let filter = try ServerFilter(query)
        let (at, bound) = (try query.time("at"), try knownAt(query))
        let limit = try query.limit()
        let after = try query.cursor().map { cursor throws(Problem) in try ServerKey(cursor) }
        let (states, asOf) = try await read(context) { connection in
            let asOf = try AsOf.projections(connection, knownAt: bound)
            let known = asOf.known
            return (
                try Self.states(
                    filter, at: at ?? known?.moment, known: known, after: after, limit: limit + 1, connection),
                asOf
            )
        }
        let page = states.prefix(Int(limit))
        let next = states.count > page.count ? page.last?.key.cursor.text : nil
        return Response(
            ["servers": .array(page.map(\.json)), "next_cursor": next.map { .string($0) } ?? .null], asOf: asOf,
            to: request, headers: next.map(request.nextLink) ?? [:])
    }

    /// `GET /v1/servers/{id}`: 200 with the server now, or at a moment; 404 where no event has named it by then.
    @Sendable func server(_ request: Request, _ context: Context) async throws -> Response {
        let id = try serverID(context)
        let query = try QueryParameters(request, known: ["at", "known_at"])
        let (at, bound) = (try query.time("at"), try knownAt(query))
        let (state, life, asOf) = try await read(context, isOfOne: true) { connection in
            let asOf = try AsOf.projections(connection, knownAt: bound)
            let known = asOf.known
            let moment = at ?? known?.moment
            let lane = lane(of: id)
            return (
                try Self.state(of: id, lane: lane, at: moment, known: known, connection),
                try ServerLife(
                    of: id, lane: lane, until: moment?.advanced(by: .microseconds(1)), known: known, connection),
                asOf
            )
        }
        guard let state else {
            throw Problem(
                .notFound,
                at.map { "server \(id.text) had not been seen by \($0)" }
                    ?? (bound == nil ? "no event has named server \(id.text)" : "server \(id.text) was not known then"),
                ["as_of": asOf.json])
        }
        return Response(life.members.merging(["server": state.json]) { $1 }, asOf: asOf, to: request)
    }

    static func states(
        _ filter: ServerFilter, at: Timestamp?, known: KnownAt? = nil, after: ServerKey?, limit: Int32,
        _ connection: isolated Connection
    ) throws(PostgresError) -> [ServerState] {
        if let at, known == nil, filter.isEmpty {
            let query = Queries.Servers.fetchFleetAt(
                afterLane: after?.lane, afterServerId: after?.id, at: at, limit: limit)
            return try connection.fetchAll(query).map { ServerState($0) }
        }
        if let at {
            let query = Queries.Servers.fetchServersAt(
                afterLane: after?.lane, afterServerId: after?.id, status: filter.status,
                statusClass: filter.statusClass, host: filter.host, projectId: filter.projectID,
                shareNetworkId: filter.shareNetworkID, at: at, known: known?.sizes, limit: limit)
            return try connection.fetchAll(query).map { ServerState($0) }
        }
        let query = Queries.Servers.fetchServers(
            afterLane: after?.lane, afterServerId: after?.id, status: filter.status, statusClass: filter.statusClass,
            host: filter.host, projectId: filter.projectID, shareNetworkId: filter.shareNetworkID, limit: limit)
        return try connection.fetchAll(query).map { ServerState($0) }
    }

    static func state(
        of id: UUID, lane: Int16, at: Timestamp?, known: KnownAt? = nil, _ connection: isolated Connection
    ) throws(PostgresError) -> ServerState? {
        if let at {
            let query = Queries.Servers.fetchServerAt(lane: lane, serverId: id, at: at, known: known?.sizes)
            return try connection.fetchOptional(query).map { ServerState($0) }
        }
        return try connection.fetchOptional(Queries.Servers.fetchServer(lane: lane, serverId: id))
            .map { ServerState($0) }
    }
}

/// Which servers are wanted.
struct ServerFilter: Sendable {
    var status: String?
    var statusClass: String?
    var host: String?
    var projectID: String?
    var shareNetworkID: String?

    /// Whether every server is wanted.
    var isEmpty: Bool {
        status == nil && statusClass == nil && host == nil && projectID == nil && shareNetworkID == nil
    }

    init() {}

    init(_ query: QueryParameters) throws(Problem) {
        status = try query.text("status")
        statusClass = try query.statusClass("class")?.rawValue
        host = try query.text("host")
        projectID = try query.text("project_id")
        shareNetworkID = try query.text("share_network_id")
    }
}

/// The order of servers in pages.
struct ServerKey: Sendable {
    let lane: Int16
    let id: UUID

    init(lane: Int16, id: UUID) {
        self.lane = lane
        self.id = id
    }

    init(_ cursor: Cursor) throws(Problem) {
        lane = try cursor.lane()
        guard let id = UUID(uuidString: try cursor.string("server_id")) else { throw Cursor.refused }
        self.id = id
    }

    var cursor: Cursor { Cursor(["lane": .number(Double(lane)), "server_id": .string(id.text)]) }
}

extension UUID {
    /// In lower case, as OpenStack writes it.
    var text: String { uuidString.lowercased() }
}
