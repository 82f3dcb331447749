public import FoundationEssentials
public import Postgres
import Queries
public import ShareServers

extension Log {
    /// Entries of one server that are read at most: what an older one said is noted once more.
    private static let recalledEntries: Int32 = 64
    /// Servers that are asked for in one statement, so that little of the answer is in memory at once.
    private static let askedServers = 256

    /// Which of `events` the log holds, by source, id and time; same order.
    ///
    /// - Throws: `.unavailable`, `.refused`, `.cancelled`.
    public func holds(_ events: [Event]) async throws(LogError) -> [Bool] {
        guard !events.isEmpty else { return [] }
        let keys = events.map(\.key)
        let rows = try await fetchAll(Queries.Log.fetchKeys(eventKeys: keys))
        let known = Set(rows.map(\.eventKey))
        return keys.map { known.contains($0) }
    }

    /// Hands over what a source said of each server before a moment: the last of it, in the order of time.
    ///
    /// Servers of which it said nothing come with nothing. Memory does not grow with the number of servers.
    ///
    /// - Parameter servers: None twice.
    /// - Throws: `.unavailable`, `.refused`, `.cancelled`.
    /// - Source: `queries/log/fetch_noted.sql`
    public func recall(
        _ servers: [(server: UUID, before: Timestamp)], source: String, _ body: (UUID, [Noted]) -> Void
    ) async throws(LogError) {
        let asked = servers.map { Asked(server: $0.server, since: .earliest, until: $0.before) }
        for part in parts(of: asked) {
            let noted = Dictionary(grouping: try await fetchNoted(part, source: source), by: \.server)
            for asked in part { body(asked.server, noted[asked.server] ?? []) }
        }
    }

    /// What a source said of servers, each at a moment of its own.
    ///
    /// - Throws: `.unavailable`, `.refused`, `.cancelled`.
    /// - Source: `queries/log/fetch_noted.sql`
    public func noted(
        of servers: [(server: UUID, at: Timestamp)], source: String
    ) async throws(LogError) -> [Noted] {
        let asked = servers.map {
            Asked(server: $0.server, since: $0.at, until: Timestamp(microseconds: $0.at.microseconds + 1))
        }
        var noted: [Noted] = []
        for part in parts(of: asked) { noted += try await fetchNoted(part, source: source) }
        return noted
    }

    private struct Asked {
        let server: UUID
        let since: Timestamp
        let until: Timestamp
    }

    /// Those of one lane together, so many at a time.
    private func parts(of asked: [Asked]) -> [[Asked]] {
        let lanes = Dictionary(grouping: asked) { Lane(of: $0.server, lanes: self.lanes) }
        return lanes.values.flatMap { asked in
            stride(from: 0, to: asked.count, by: Self.askedServers).map {
                Array(asked[$0..<min($0 + Self.askedServers, asked.count)])
            }
        }
    }

    /// - Parameter asked: At least one, all of one lane.
    private func fetchNoted(_ asked: [Asked], source: String) async throws(LogError) -> [Noted] {
        let rows = try await fetchAll(
            Queries.Log.fetchNoted(
                lane: Lane(of: asked[0].server, lanes: lanes).number, serverIds: asked.map(\.server),
                since: asked.map(\.since), until: asked.map(\.until), source: source, latest: Self.recalledEntries))
        return rows.compactMap { row in
            guard let bytes = row.data?.bytes, let data = try? JSON(parsing: bytes) else { return nil }
            return Noted(server: row.serverId, type: row.type, time: row.occurredAt, data: data)
        }
    }

    func fetchAll<Row: Sendable>(_ query: Query<Row>) async throws(LogError) -> [Row] {
        try await patiently(patience) { () async throws(LogError) in
            do {
                return try await reading.fetchAll(query)
            } catch {
                throw LogError(error)
            }
        }
    }
}
