import EventLog
import FoundationEssentials
import Postgres
import ShareServers

@testable import Projections

extension TestLog {
    /// The tables as they are, entries named by their events.
    func tables() async throws -> [UUID: Fold] {
        let connection = try await Connection.open(url)
        let (servers, closed) = try await connection.transaction("BEGIN ISOLATION LEVEL REPEATABLE READ") {
            (try $0.fetchAll(Self.servers), try $0.fetchAll(Self.closed))
        }
        await connection.close()
        var folds: [UUID: Fold] = [:]
        for row in servers { folds[row.id] = Fold(server: try server(row), closed: []) }
        for (lane, id, row) in closed {
            // A visit of a server that has no row would be lost here; it must not be.
            folds[id, default: Fold(server: Fold.Server(lane: lane), closed: [])].closed.append(visit(row, lane: lane))
        }
        return folds
    }

    /// Every column of every row, as text and in order.
    ///
    /// - Parameter places: Where the rows lie too, which tells whether one was written again.
    func image(places: Bool = false) async throws -> [String] {
        let connection = try await Connection.open(url)
        let columns = places ? "ctid::text || xmin::text ||" : ""
        let tables = Projection.all.flatMap(\.tables).map { table in
            // Every key begins with the lane; the rest of a row puts the others in order.
            "SELECT \(columns) to_jsonb(t)::text FROM dossier.\(table) t ORDER BY lane, to_jsonb(t)::text"
        }
        let queries =
            tables + [
                "SELECT \(columns) (to_jsonb(t) - 'applied_at')::text FROM dossier.projections t ORDER BY projection, lane"
            ]
        let image = try await connection.run { connection in
            try queries.flatMap { sql in
                try connection.fetchAll(
                    Query<String>(statement: Statement(name: "image", sql: sql)) { row throws(PostgresError) in
                        try row[0]
                    })
            }
        }
        await connection.close()
        return image
    }

    // MARK: - Rows

    private struct VisitRow: Sendable {
        var status: String
        var from: Timestamp
        var until: Timestamp?
        var notBefore: Timestamp?
        var position: Int64
        var cause: Int64?
        var host: String?
        var projectID: String?
        var shareNetworkID: String?
    }

    private struct ServerRow: Sendable {
        var lane: Int16
        var id: UUID
        var open: VisitRow?
        var attributes: String
        var host: String?
        var projectID: String?
        var shareNetworkID: String?
        var firstSeen: Timestamp?
        var lastSeen: Timestamp?
        /// Seen, details, last call, last error.
        var mentions: [(time: Timestamp?, position: Int64?)]
    }

    private static let servers = Query<ServerRow>(
        statement: Statement(
            name: "servers",
            sql: """
                SELECT lane, server_id, status, from_at, not_before, position, cause_position, host, project_id,
                    share_network_id, attributes::text, first_seen_at, last_seen_at, seen_at, seen_position, details_at,
                    details_position, last_call_at, last_call_position, last_error_at, last_error_position
                FROM dossier.servers
                """)
    ) { row throws(PostgresError) in
        var server = ServerRow(
            lane: try row[0], id: try row[1], attributes: try row[10], host: try row[optional: 7],
            projectID: try row[optional: 8], shareNetworkID: try row[optional: 9], firstSeen: try row[optional: 11],
            lastSeen: try row[optional: 12], mentions: [])
        if let status: String = try row[optional: 2] {
            server.open = VisitRow(
                status: status, from: try row[3], notBefore: try row[optional: 4], position: try row[5],
                cause: try row[optional: 6], host: server.host, projectID: server.projectID,
                shareNetworkID: server.shareNetworkID)
        }
        for column: Int32 in [13, 15, 17, 19] {
            server.mentions.append((try row[optional: column], try row[optional: column + 1]))
        }
        return server
    }

    private static let closed = Query<(Int16, UUID, VisitRow)>(
        statement: Statement(
            name: "status_intervals",
            sql: """
                SELECT lane, server_id, status, from_at, until_at, not_before, position, cause_position, host, project_id,
                    share_network_id
                FROM dossier.status_intervals ORDER BY lane, server_id, from_at, position
                """)
    ) { row throws(PostgresError) in
        (
            try row[0], try row[1],
            VisitRow(
                status: try row[2], from: try row[3], until: try row[4], notBefore: try row[optional: 5],
                position: try row[6], cause: try row[optional: 7], host: try row[optional: 8],
                projectID: try row[optional: 9], shareNetworkID: try row[optional: 10])
        )
    }

    private func visit(_ row: VisitRow, lane: Int16) -> Fold.Visit {
        Fold.Visit(
            status: row.status, from: row.from, until: row.until, notBefore: row.notBefore,
            entry: id(lane, row.position) ?? "", cause: id(lane, row.cause), host: row.host, projectID: row.projectID,
            shareNetworkID: row.shareNetworkID)
    }

    private func server(_ row: ServerRow) throws -> Fold.Server {
        let mentions = row.mentions.map { mention -> Fold.Mention? in
            // Before the first status event it is -infinity and -1.
            guard let time = mention.time, mention.position != -1 || time.microseconds != .min else { return nil }
            return Fold.Mention(time: time, entry: id(row.lane, mention.position) ?? "")
        }
        return Fold.Server(
            lane: row.lane, open: row.open.map { visit($0, lane: row.lane) },
            attributes: try JSON(parsing: row.attributes).object ?? [:], host: row.host, projectID: row.projectID,
            shareNetworkID: row.shareNetworkID, firstSeen: row.firstSeen, lastSeen: row.lastSeen, seen: mentions[0],
            details: mentions[1], lastCall: mentions[2], lastError: mentions[3])
    }
}

extension Fold {
    /// What tables say, rather than what entries do.
    init(server: Server, closed: [Visit]) {
        self.server = server
        self.closed = closed
    }
}
