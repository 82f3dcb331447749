import DatabaseTesting
import Foundation
import Postgres
import Schema
import Testing

extension Trait where Self == DatabaseTrait {
    /// A database of its own, with an empty log of one lane.
    static var log: DatabaseTrait {
        .database(template: "dossier_cli") { url in _ = try await Migration.migrate(url: url) }
    }
}

extension DatabaseTrait {
    /// For the program: the running test's database.
    static var environment: [String: String] { ["DOSSIER_DATABASE_URL": url] }

    /// A second database beside the running test's, which goes with the server.
    static func another(migrated: Bool = true) async throws -> String {
        let name = "other_" + UUID().uuidString.replacing("-", with: "").lowercased()
        let connection = try await Connection.open(url)
        try await connection.run { try $0.execute("CREATE DATABASE \(name)") }
        await connection.close()
        let url = try await TestServer.url(database: name)
        if migrated { _ = try await Migration.migrate(url: url) }
        return url
    }

    /// Runs SQL as the superuser, past every trigger: what somebody who wants to rewrite the past can do.
    static func tamper(_ sql: String) async throws {
        let connection = try await Connection.open(url, setup: ["SET session_replication_role = replica"])
        try await connection.run { try $0.execute(sql) }
        await connection.close()
    }
}

/// Lines of CloudEvents for tests.
enum Lines {
    static let server = "0f8a4c1e-0000-4000-8000-000000000001"

    /// Calls and sightings, a second apart, of one server or of several in turn.
    static func events(_ range: Range<Int>, of servers: [String] = [server]) -> [String] {
        range.map { number in
            let time = "\(start.advanced(by: .seconds(number)))".replacing(".000000", with: "")
            let server = servers[number % servers.count]
            let head =
                "{\"specversion\":\"1.0\",\"id\":\"e\(number)\",\"source\":\"/test\",\"subject\":\"\(server)\","
                + "\"time\":\"\(time)\",\"type\":\"org.openstack.manila.share_server."
            return number % 3 == 2
                ? head
                    + "status\",\"data\":{\"status\":\"\(number % 2 == 0 ? "active" : "error")\",\"host\":\"lab@alpha\"}}"
                : head
                    + "call\",\"data\":{\"operation\":\"show\",\"method\":\"GET\",\"path\":\"/v2/share-servers/\(server)\","
                    + "\"http_status\":200,\"request_id\":\"req-\(number)\"}}"
        }
    }

    private static let start = Timestamp("2026-11-23T00:00:00Z")!

    /// So many servers, which share the lanes among them.
    static func servers(_ numbers: Range<Int>) -> [String] {
        numbers.map { "0f8a4c1e-0000-4000-8000-0000000\(10_000 + $0)" }
    }

    static func text(_ range: Range<Int>, of servers: [String] = [server]) -> String {
        events(range, of: servers).map { $0 + "\n" }.joined()
    }
}
