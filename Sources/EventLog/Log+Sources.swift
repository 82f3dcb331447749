public import FoundationEssentials
public import Postgres
import Queries
public import ShareServers

/// What a source last told of its own watching.
public struct Sign: Sendable, Hashable {
    public let time: Timestamp
    /// Whether it said goodbye then.
    public let hasStopped: Bool

    public init(time: Timestamp, hasStopped: Bool) {
        self.time = time
        self.hasStopped = hasStopped
    }
}

/// A server that is there, as the projections have it.
public struct Present: Sendable, Hashable {
    public let server: UUID
    public let status: String
    /// When the status began, and when it was last told.
    public let since: Timestamp
    public let seenAt: Timestamp
    /// All that was told of it, under the names of `status` events.
    public let attributes: [String: JSON]
}

extension Log {
    /// Rows of a page of servers.
    private static let presentPage: Int32 = 2000

    /// The last sign of life of a source; nil where it never gave one.
    ///
    /// - Throws: `.unavailable`, `.refused`, `.cancelled`.
    /// - Source: `queries/log/fetch_last_sign.sql`
    public func lastSign(of source: String) async throws(LogError) -> Sign? {
        let lane = Lane(of: nil, lanes: lanes).number
        let rows = try await fetchAll(Queries.Log.fetchLastSign(lane: lane, source: source))
        return rows.first.map { Sign(time: $0.occurredAt, hasStopped: $0.state == "stopped") }
    }

    /// Every server that is there as far as the projections have come.
    ///
    /// - Parameter sources: Only those whose status one of these told; nil: all.
    /// - Returns: In the order of lane and id; about a kilobyte each.
    /// - Throws: `.unavailable`, `.refused`, `.cancelled`.
    /// - Source: `queries/log/fetch_present.sql`
    public func present(sources: [String]?) async throws(LogError) -> [Present] {
        var present: [Present] = []
        var last: (lane: Int16, server: UUID)?
        while true {
            let rows = try await fetchAll(
                Queries.Log.fetchPresent(
                    sources: sources, afterLane: last?.lane, afterServerId: last?.server, limit: Self.presentPage))
            for row in rows {
                guard let status = row.status, let since = row.fromAt else { continue }
                let attributes = (try? JSON(parsing: row.attributes.bytes))?.object ?? [:]
                present.append(
                    Present(
                        server: row.serverId, status: status, since: since, seenAt: max(row.lastSeenAt ?? since, since),
                        attributes: attributes))
            }
            guard rows.count == Int(Self.presentPage), let row = rows.last else { return present }
            last = (row.lane, row.serverId)
        }
    }
}
