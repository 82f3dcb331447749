import DatabaseTesting
import Postgres
import Queries
import Schema
import Testing

/// That a lane's head is found among many.
@Suite(.database) struct HeadPlanTests {
    @Test("The head of one lane of many, and its checkpoint, are found by index")
    func heads() async throws {
        try await Migration.migrate(url: DatabaseTrait.url, lanes: 1024)
        let connection = try await Connection.open(DatabaseTrait.url)
        try await connection.run { connection in
            try connection.execute(
                """
                INSERT INTO dossier.projections SELECT 'servers', lane, 1, 0 FROM dossier.log_heads;
                ANALYZE
                """)
            try connection.execute("BEGIN")
            typealias Projections = Queries.Projections
            let now = Timestamp(microseconds: 0)
            for plan in [
                try connection.plan(Queries.Log.lockHead(lane: 700)),
                try connection.plan(
                    Queries.Log.advanceHead(lane: 700, size: 1, frontier: Bytes([]), root: Bytes([]), recordedAt: now)),
            ] {
                #expect(plan.scanned == [])
                #expect(plan.indexes == ["log_heads_pkey"])
            }
            for plan in [
                try connection.plan(Projections.lockCheckpoint(projection: "servers", lane: 700)),
                try connection.plan(
                    Projections.advanceCheckpoint(projection: "servers", lane: 700, version: 1, position: 1)),
            ] {
                #expect(plan.scanned == [])
                #expect(plan.indexes == ["projections_pkey"])
            }
            try connection.execute("COMMIT")
        }
        await connection.close()
    }
}
