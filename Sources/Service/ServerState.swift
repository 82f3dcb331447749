import FoundationEssentials
import Postgres
import Queries
import ShareServers

/// A server as an answer describes it.
struct ServerState: Sendable {
    let key: ServerKey
    /// Nil where calls have named it and no status has been seen.
    let status: String?
    let attributes: [String: JSON]
    private let since: Timestamp?
    private let notBefore: Timestamp?
    private let position: Int64?
    private let cause: JSON
    /// What only the present, or only a moment of the past, has.
    private let others: [String: JSON]

    init(_ row: Queries.Servers.FetchServers) {
        self.init(
            lane: row.lane, id: row.serverId, status: row.status, since: row.fromAt, notBefore: row.notBefore,
            position: row.position, attributes: row.attributes, cause: row.cause,
            others: [
                "first_seen": JSON(row.firstSeenAt), "last_seen": JSON(row.lastSeenAt),
                "last_call": JSON(row.lastCall), "last_error": JSON(row.lastError),
            ])
    }

    init(_ row: Queries.Servers.FetchServer) {
        self.init(
            lane: row.lane, id: row.serverId, status: row.status, since: row.fromAt, notBefore: row.notBefore,
            position: row.position, attributes: row.attributes, cause: row.cause,
            others: [
                "first_seen": JSON(row.firstSeenAt), "last_seen": JSON(row.lastSeenAt),
                "last_call": JSON(row.lastCall), "last_error": JSON(row.lastError),
            ])
    }

    init(_ row: Queries.Servers.FetchServersAt) {
        self.init(
            lane: row.lane, id: row.serverId, status: row.status, since: row.fromAt, notBefore: row.notBefore,
            position: row.position, attributes: row.attributes, cause: row.cause,
            others: ["until": JSON(row.untilAt)])
    }

    init(_ row: Queries.Servers.FetchFleetAt) {
        self.init(
            lane: row.lane, id: row.serverId, status: row.status, since: row.fromAt, notBefore: row.notBefore,
            position: row.position, attributes: row.attributes, cause: row.cause,
            others: ["until": JSON(row.untilAt)])
    }

    init(_ row: Queries.Servers.FetchServerAt) {
        self.init(
            lane: row.lane, id: row.serverId, status: row.status, since: row.fromAt, notBefore: row.notBefore,
            position: row.position, attributes: row.attributes, cause: row.cause,
            others: ["until": JSON(row.untilAt)])
    }

    private init(
        lane: Int16, id: UUID, status: String?, since: Timestamp?, notBefore: Timestamp?, position: Int64?,
        attributes: JSONText, cause: JSONText?, others: [String: JSON]
    ) {
        key = ServerKey(lane: lane, id: id)
        self.status = status
        self.since = since
        self.notBefore = notBefore
        self.position = position
        self.attributes = JSON(attributes).object ?? [:]
        self.cause = JSON(cause)
        self.others = others
    }

    var json: JSON {
        var attributes = attributes
        attributes["status"] = nil
        var json: [String: JSON] = [
            "id": .string(key.id.text), "lane": .number(Double(key.lane)),
            "status": status.map { .string($0) } ?? .null,
            "class": status.map { .string(StatusClass(status: $0).rawValue) } ?? .null,
            "since": JSON(since), "not_before": JSON(notBefore), "cause": cause,
            "entry": position.map { ["lane": .number(Double(key.lane)), "position": .number(Double($0))] } ?? .null,
            "attributes": .object(attributes),
        ]
        for name in ["host", "project_id", "share_network_id", "task_state"] { json[name] = attributes[name] ?? .null }
        return .object(json.merging(others) { $1 })
    }
}

extension JSON {
    /// RFC 3339, or null.
    init(_ time: Timestamp?) { self = time.map { .string($0.description) } ?? .null }

    /// What PostgreSQL made of JSON that this program wrote; null for null.
    init(_ text: JSONText?) { self = text.flatMap { try? JSON(parsing: $0.bytes) } ?? .null }
}
