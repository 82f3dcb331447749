import EmbeddedPostgres
import Foundation
import Postgres
import Testing

/// A pool whose server goes away and comes back.
@Suite struct PoolRestartTests {
    private static let one = Query(statement: Statement(name: "asked/number", sql: "SELECT 1::int8")) {
        row throws(PostgresError) in try row[0] as Int64
    }

    @Test("A pool's connections are replaced after its server was stopped and started again", arguments: [false, true])
    func restarted(killed: Bool) async throws {
        let folder = try Folder()
        let directory = folder.path + "/cluster"
        var server = try await EmbeddedPostgres.start(directory: directory)
        let pool = Pool(url: server.url(), limit: 3)
        for _ in 0..<3 {
            // Several connections lie idle when the server goes.
            let sum = try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 0..<6 { group.addTask { try await pool.fetchOne(Self.one) } }
                return try await group.reduce(0, +)
            }
            #expect(sum == 6)
            if killed { kill(server.processID, SIGKILL) }
            await server.stop()
            guard case .unavailable = try await refusal(of: pool) else {
                Issue.record("the pool answers without a server, or says something else")
                return
            }
            server = try await EmbeddedPostgres.start(directory: directory)
            #expect(try await pool.fetchOne(Self.one) == 1)
        }
        await pool.close()
        await server.stop()
    }

    /// What the pool says once the server is gone: a backend may outlive its killed postmaster by a moment.
    private func refusal(of pool: Pool) async throws -> PostgresError? {
        for _ in 0..<1000 {
            do {
                _ = try await pool.fetchOne(Self.one)
            } catch let error as PostgresError {
                return error
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        return nil
    }
}
