import Foundation
import Postgres

/// Databases that tests clone theirs from, each prepared once a process.
actor Templates {
    static let shared = Templates()
    private var prepared: [String: Task<String, any Error>] = [:]

    /// The name of the template `name`, after `prepare` has been run on it.
    func database(_ name: String, _ prepare: @escaping @Sendable (_ url: String) async throws -> Void) async throws
        -> String
    {
        if let task = prepared[name] { return try await task.value }
        let task = Task {
            let database = "template_\(name)"
            try await self.administer("CREATE DATABASE \(database)")
            try await prepare(TestServer.url(database: database))
            return database
        }
        prepared[name] = task
        return try await task.value
    }

    /// Makes a database out of a template.
    ///
    /// PostgreSQL refuses while somebody is connected to the template; a session that has just been closed may still
    /// be ending.
    func clone(_ template: String, as name: String) async throws {
        for attempt in 1... {
            do {
                return try await administer("CREATE DATABASE \(name) TEMPLATE \(template) STRATEGY file_copy")
            } catch PostgresError.refused("55006", _, _) where attempt < 100 {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    func drop(_ name: String) async throws {
        try await administer("DROP DATABASE \(name) WITH (FORCE)")
    }

    private var connection: Connection?

    private func administer(_ statement: String) async throws {
        let connection: Connection
        if let open = self.connection {
            connection = open
        } else {
            connection = try await Connection.open(TestServer.url())
            self.connection = connection
        }
        try await connection.run { try $0.execute(statement) }
    }
}
