public import FoundationEssentials
public import Postgres
import Queries

extension Log {
    /// Positions that are looked through in one statement, so that little of the answer is in memory at once.
    private static let readPositions: Int64 = 10_000

    /// How many entries each lane has, or had when a moment was recorded.
    ///
    /// - Throws: `.unavailable`, `.refused`, `.cancelled`.
    /// - Source: `queries/log/fetch_heads.sql`, `queries/log/fetch_sizes_at.sql`
    public func sizes(at moment: Timestamp? = nil) async throws(LogError) -> [Lane: Int64] {
        guard let moment else {
            let heads = try await fetchAll(Queries.Log.fetchHeads())
            return Dictionary(heads.map { (Lane($0.lane), $0.size) }, uniquingKeysWith: { first, _ in first })
        }
        let sizes = try await fetchAll(Queries.Log.fetchSizesAt(at: moment))
        return Dictionary(sizes.map { (Lane($0.lane), $0.size) }, uniquingKeysWith: { first, _ in first })
    }

    /// Hands over which states others than `source` told of servers, in the order of each lane.
    ///
    /// - Parameters:
    ///   - from: The first position of each lane; a lane that is not there: its first.
    ///   - until: The end of each lane, exclusive.
    /// - Throws: `.unavailable`, `.refused`, `.cancelled`.
    /// - Source: `queries/log/fetch_told_states.sql`
    public func states(
        toldByOthersThan source: String, from: [Lane: Int64], until: [Lane: Int64],
        _ body: (_ server: UUID, _ status: String, _ time: Timestamp) -> Void
    ) async throws(LogError) {
        for (lane, end) in until {
            var position = from[lane] ?? 0
            while position < end {
                let next = min(end, position + Self.readPositions)
                let rows = try await fetchAll(
                    Queries.Log.fetchToldStates(lane: lane.number, from: position, until: next, source: source))
                for row in rows { body(row.serverId, row.status, row.occurredAt) }
                position = next
            }
        }
    }
}
