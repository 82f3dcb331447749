import DatabaseTesting
import EventLog
import Postgres
import Schema
import Testing

/// The log in a test's database, and what stands in it.
struct TestLog {
    let log: Log

    struct Entry: Sendable, Hashable {
        let lane: Int16
        let position: Int64
        let type: String
        let operation: String?
        let httpStatus: Int32?
        let requestID: String?
        let body: String
    }

    static func open(_ url: String = DatabaseTrait.url) async throws -> TestLog {
        TestLog(log: try await Log.open(url: url))
    }

    /// All entries, by lane and position.
    func entries() async throws -> [Entry] {
        let connection = try await Connection.open(DatabaseTrait.url)
        let query = Query<Entry>(
            statement: Statement(
                name: "entries",
                sql: """
                    SELECT lane, position, type, operation, http_status, request_id, body
                    FROM dossier.entries ORDER BY lane, position
                    """)
        ) { row throws(PostgresError) in
            Entry(
                lane: try row[0], position: try row[1], type: try row[2], operation: try row[optional: 3],
                httpStatus: try row[optional: 4], requestID: try row[optional: 5], body: try row[6])
        }
        let entries = try await connection.run { try $0.fetchAll(query) }
        await connection.close()
        return entries
    }

    /// Expects that every lane is sound, with `count` entries in all.
    func expectSound(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let pool = Pool(url: DatabaseTrait.url, limit: 1)
        var sum: Int64 = 0
        for lane in 0..<log.lanes {
            let verification = try await Verification.verify(lane: Lane(lane), pool: pool)
            #expect(verification.fault == nil, sourceLocation: sourceLocation)
            sum += verification.entries
        }
        await pool.close()
        #expect(sum == Int64(count), sourceLocation: sourceLocation)
    }
}

extension Trait where Self == DatabaseTrait {
    /// A database with an empty log of one lane.
    static var log: DatabaseTrait {
        .database(template: "ingest_lane") { url in _ = try await Migration.migrate(url: url) }
    }

    /// A database with an empty log of five lanes.
    static var logOfLanes: DatabaseTrait {
        .database(template: "ingest_lanes") { url in _ = try await Migration.migrate(url: url, lanes: 5) }
    }
}
