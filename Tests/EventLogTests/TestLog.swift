import DatabaseTesting
import EventLog
import FoundationEssentials
import Postgres
import Schema
import ShareServers
import Testing

/// A log in the running test's database, and a look behind it.
struct TestLog {
    let url: String
    let log: Log

    /// Creates the log, with the smallest partitions there are.
    static func open(lanes: Int16, patience: Duration = .seconds(60)) async throws -> TestLog {
        let url = DatabaseTrait.url
        try await Migration.migrate(url: url, lanes: lanes, partitionEntries: 1000)
        return TestLog(url: url, log: try await Log.open(url: url, patience: patience))
    }

    /// The lane that tests of one lane look at: the last but one, so that a mistaken 0 shows.
    var lane: Lane { Lane(max(0, log.lanes - 2)) }
    /// A server of that lane.
    var server: UUID { Made.server(inLane: lane.number, of: log.lanes) }
    var lanes: [Lane] { (0..<log.lanes).map { Lane($0) } }

    /// Appends events that the log has not.
    @discardableResult
    func append(new events: [Event], sourceLocation: SourceLocation = #_sourceLocation) async throws -> [Position] {
        let receipts = try await log.append(events)
        try #require(receipts.count == events.count, sourceLocation: sourceLocation)
        #expect(receipts.allSatisfy { $0.outcome == .appended }, sourceLocation: sourceLocation)
        return receipts.map(\.position)
    }

    /// Verifies a lane with the rights of a reader.
    func verify(
        _ lane: Lane, progress: @escaping @Sendable (Int64, Int64) -> Void = { _, _ in }
    ) async throws -> Verification {
        let pool = reader()
        do {
            let verification = try await Verification.verify(lane: lane, pool: pool, progress: progress)
            await pool.close()
            return verification
        } catch {
            await pool.close()
            throw error
        }
    }

    /// Expects every lane to verify.
    func expectSound(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        for lane in lanes {
            let verification = try await verify(lane)
            #expect(verification.fault == nil, sourceLocation: sourceLocation)
        }
    }

    /// What is exported of a lane.
    func export(_ lane: Lane, _ positions: Range<Int64> = 0..<Int64.max) async throws -> [String] {
        let pool = reader()
        let lines = Lines()
        let count = try await Export.export(lane: lane, positions: positions, pool: pool) { await lines.append($0) }
        await pool.close()
        let taken = await lines.lines
        #expect(count == Int64(taken.count))
        return taken
    }

    private actor Lines {
        private(set) var lines: [String] = []
        func append(_ line: String) { lines.append(line) }
    }

    func reader() -> Pool { Pool(url: url, limit: 2, setup: ["SET ROLE dossier_reader"]) }
}

// MARK: - SQL

extension TestLog {
    /// Runs statements as the superuser.
    func execute(_ sql: String, setup: [String] = []) async throws {
        let connection = try await Connection.open(url, setup: setup)
        do {
            try await connection.run { try $0.execute(sql) }
            await connection.close()
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Runs statements as the superuser, past every trigger: what somebody who wants to rewrite the past can do.
    func tamper(_ sql: String) async throws {
        try await execute(sql, setup: ["SET session_replication_role = replica"])
    }

    /// The rows of a query of one column.
    func all<Value: PostgresDecodable & Sendable>(_ sql: String, of: Value.Type = Value.self) async throws -> [Value] {
        let connection = try await Connection.open(url)
        let query = Query<Value>(statement: Statement(name: "test", sql: sql)) { row throws(PostgresError) in
            try row[0]
        }
        do {
            let rows = try await connection.run { try $0.fetchAll(query) }
            await connection.close()
            return rows
        } catch {
            await connection.close()
            throw error
        }
    }

    /// The only value of a query.
    func one<Value: PostgresDecodable & Sendable>(_ sql: String, of: Value.Type = Value.self) async throws -> Value {
        let rows = try await all(sql, of: Value.self)
        return try #require(rows.count == 1 ? rows[0] : nil)
    }

    /// Runs `body` while another session holds the head of a lane, so that no batch of that lane can be committed.
    func holding<Output>(_ lane: Lane, _ body: () async throws -> Output) async throws -> Output {
        let connection = try await Connection.open(url)
        try await connection.run {
            try $0.execute("BEGIN; SELECT FROM dossier.log_heads WHERE lane = \(lane) FOR UPDATE")
        }
        do {
            let output = try await body()
            await connection.close()
            return output
        } catch {
            await connection.close()
            throw error
        }
    }
}
