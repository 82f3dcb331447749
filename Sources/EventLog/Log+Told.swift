import Postgres
import Queries
public import ShareServers

extension Log {
    /// Positions that are looked through in one statement, so that little of the answer is in memory at once.
    private static let scannedPositions: Int64 = 10_000

    /// Hands over what a source told, of types of events that name no server, from the latest back.
    ///
    /// - Parameters:
    ///   - positions: How many of the latest are looked through; whatever stands before is left out.
    /// - Throws: `.unavailable`, `.refused`, `.cancelled`.
    /// - Source: `queries/log/fetch_told.sql`
    public func told(
        by source: String, types: [String], positions: Int64, _ body: (Event) -> Void
    ) async throws(LogError) {
        let heads = try await fetchAll(Queries.Log.fetchHeads())
        guard let size = heads.first(where: { $0.lane == Lane(of: nil, lanes: lanes).number })?.size else { return }
        var until = size
        while until > max(0, size - positions) {
            let from = max(0, until - Self.scannedPositions)
            let rows = try await fetchAll(
                Queries.Log.fetchTold(lane: 0, from: from, until: until, types: types, source: source))
            for row in rows {
                let bytes = Array(row.body.utf8)
                if let event = bytes.withUnsafeBytes({ try? Event(decoding: $0) }) { body(event) }
            }
            until = from
        }
    }
}
