import DatabaseTesting
import EventLog
import FoundationEssentials
import Logging
import Postgres
import Schema
import ShareServers
import Testing

@testable import Projections

/// A log in a test's database, and what stands in it.
struct TestLog {
    let url: String
    let log: Log
    private(set) var told: [Told] = []
    private var ids: [Position: String] = [:]

    /// Migrates the database, by default the running test's.
    static func open(lanes: Int16, url: String = DatabaseTrait.url) async throws -> TestLog {
        // The smallest partitions there are, so that logs of these tests have several.
        try await Migration.migrate(url: url, lanes: lanes, partitionEntries: 1000)
        return TestLog(url: url, log: try await Log.open(url: url))
    }

    private init(url: String, log: Log) { (self.url, self.log) = (url, log) }

    /// Appends events; of those that are in the log already nothing is added.
    mutating func append(_ events: [Event]) async throws {
        let receipts = try await log.append(events)
        try #require(receipts.count == events.count)
        for (event, receipt) in zip(events, receipts) where receipt.outcome == .appended {
            ids[receipt.position] = event.id
            told.append(try Told(event, at: receipt.position))
        }
    }

    /// Appends `events` in pieces of at most `limit`, and has `after` look at each.
    mutating func append(
        _ events: [Event], upTo limit: Int, using random: inout SplitMix, after: () async throws -> Void
    ) async throws {
        var rest = events[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...limit, using: &random))
            rest = rest.dropFirst(piece.count)
            try await append(Array(piece))
            try await after()
        }
    }

    var runner: ProjectionRunner { ProjectionRunner(url: url, logger: Self.quiet) }

    /// Says nothing: that PostgreSQL went away is what some tests are about.
    static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    func id(_ lane: Int16, _ index: Int64?) -> String? {
        guard let index else { return nil }
        let position = Position(lane: Lane(lane), index: index)
        return ids[position] ?? "no event at \(position)"
    }

    // MARK: - Applying

    /// More entries than a log of these tests has.
    static let everything: Int64 = 1_000_000

    /// Runs statements as the superuser.
    func execute(_ sql: String) async throws {
        let connection = try await Connection.open(url)
        try await connection.run { try $0.execute(sql) }
        await connection.close()
    }

    /// Empties the projections, as if they had never begun.
    func forget() async throws {
        let tables = Projection.all.flatMap(\.tables).map { "dossier.\($0)" }.joined(separator: ", ")
        try await execute("TRUNCATE \(tables); DELETE FROM dossier.projections")
    }

    /// Applies all there is, in batches of at most `limit` entries, lanes and projections taking turns at random.
    func apply(upTo limit: Int64, using random: inout SplitMix) async throws {
        let connection = try await ProjectionRunner.open(url)
        var unfinished = Projection.all.flatMap { projection in (0..<log.lanes).map { (projection, Lane($0)) } }
        while !unfinished.isEmpty {
            let turn = Int.random(in: 0..<unfinished.count, using: &random)
            let count = Int64.random(in: 1...limit, using: &random)
            let (projection, lane) = unfinished[turn]
            let isUnfinished = try await connection.transaction { connection in
                let size = try Projection.size(of: lane, on: connection)
                return try projection.advance(lane, by: count, to: size, on: connection)
            }
            if !isUnfinished { unfinished.remove(at: turn) }
        }
        await connection.close()
    }

    // MARK: - What is expected

    /// What every server ought to be, out of the entries told up to now.
    func fold() -> [UUID: Fold] {
        Dictionary(grouping: told.filter { $0.server != nil }, by: { $0.server! }).mapValues(Fold.init)
    }

    /// The servers that the tables have otherwise than the fold, at most three, with their entries.
    func disagreements() async throws -> [String] {
        let expected = fold()
        let actual = try await tables()
        let analytics = try await analyticsDisagreements()
        let servers = Set(expected.keys).union(actual.keys).filter { expected[$0] != actual[$0] }.prefix(3).map {
            server in
            let entries = told.filter { $0.server == server }.map { "    \($0)" }.joined(separator: "\n")
            return """
                server \(server) in lane \(Lane(of: server, lanes: log.lanes))
                  entries:
                \(entries)
                  expected: \(expected[server].map { "\($0)" } ?? "no row")
                  actual:   \(actual[server].map { "\($0)" } ?? "no row")
                """
        }
        // What an expectation does not show.
        for difference in servers + analytics { print(difference) }
        return servers + analytics
    }
}
