import FoundationEssentials
import Postgres
import Queries
import ShareServers

/// Which servers are asked for.
struct Filter: CustomStringConvertible {
    var status: String?
    var statusClass: String?
    var host: String?
    var projectID: String?
    var shareNetworkID: String?

    static let all =
        [
            Filter(), Filter(status: "active"), Filter(status: "never"), Filter(host: "h1"), Filter(projectID: "p2"),
            Filter(shareNetworkID: "n1"), Filter(statusClass: "serving", host: "h2"),
        ] + Self.classes.keys.sorted().map { Filter(statusClass: $0) }

    /// The statuses of each class among those that random events have.
    private static let classes: [String: Set<String>] = [
        "serving": ["active"], "failed": ["error", "manage_error"],
        "transitional": ["creating", "deleting", "network_change"], "other": ["xerror", "of the future"],
        "absent": ["absent"],
    ]

    var description: String {
        let parts = [status, statusClass, host, projectID, shareNetworkID].compactMap { $0 }
        return parts.isEmpty ? "all" : parts.joined(separator: ", ")
    }

    func takes(_ status: String, _ attributes: [String: JSON]) -> Bool {
        func agrees(_ wanted: String?, _ name: String) -> Bool { wanted == nil || attributes[name]?.string == wanted }
        return (self.status == nil || self.status == status)
            && (statusClass == nil || Self.classes[statusClass!, default: []].contains(status))
            && agrees(host, "host") && agrees(projectID, "project_id") && agrees(shareNetworkID, "share_network_id")
    }

    /// All pages of servers as they are now, one after another.
    func pages(of limit: Int32, on connection: Connection) async throws -> [Queries.Servers.FetchServers] {
        try await connection.run { connection in
            var rows: [Queries.Servers.FetchServers] = []
            while true {
                let page = try connection.fetchAll(
                    Queries.Servers.fetchServers(
                        afterLane: rows.last?.lane, afterServerId: rows.last?.serverId, status: status,
                        statusClass: statusClass, host: host, projectId: projectID, shareNetworkId: shareNetworkID,
                        limit: limit))
                rows += page
                if page.count < limit { return rows }
            }
        }
    }

    /// All pages of servers as they were at a moment, one after another.
    func pages(
        at moment: Timestamp, of limit: Int32, on connection: Connection
    ) async throws -> [Queries.Servers.FetchServersAt] {
        try await connection.run { connection in
            var rows: [Queries.Servers.FetchServersAt] = []
            while true {
                let page = try connection.fetchAll(
                    Queries.Servers.fetchServersAt(
                        afterLane: rows.last?.lane, afterServerId: rows.last?.serverId, status: status,
                        statusClass: statusClass, host: host, projectId: projectID, shareNetworkId: shareNetworkID,
                        at: moment, known: nil, limit: limit))
                rows += page
                if page.count < limit { return rows }
            }
        }
    }
}

extension TestLog {
    /// All pages of the whole fleet as it was at a moment, one after another.
    func fleet(
        at moment: Timestamp, of limit: Int32, on connection: Connection
    ) async throws -> [Queries.Servers.FetchFleetAt] {
        try await connection.run { connection in
            var rows: [Queries.Servers.FetchFleetAt] = []
            while true {
                let page = try connection.fetchAll(
                    Queries.Servers.fetchFleetAt(
                        afterLane: rows.last?.lane, afterServerId: rows.last?.serverId, at: moment, limit: limit))
                rows += page
                if page.count < limit { return rows }
            }
        }
    }
}
