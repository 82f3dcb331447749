public import EmbeddedPostgres
import Foundation
import Postgres

/// One throwaway PostgreSQL for all tests of a process, started when the first needs it.
public enum TestServer {
    private static let starting = Task {
        let memory = "/dev/shm"
        let parent =
            FileManager.default.isWritableFile(atPath: memory) ? memory : FileManager.default.temporaryDirectory.path
        return try await EmbeddedPostgres.start(directory: "\(parent)/dossier-test-\(getpid())", throwaway: true)
    }

    /// The server.
    public static var shared: EmbeddedPostgres {
        get async throws { try await starting.value }
    }

    /// A connection to one of its databases, as its superuser.
    public static func url(database: String = "postgres") async throws -> String {
        try await shared.url(database: database)
    }

    /// A folder of its own for a test's files, which PostgreSQL's user can enter.
    public static func temporaryDirectory() throws -> String {
        let name = "dossier-\(getpid())-\(UUID().uuidString.prefix(8))"
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o755])
        return directory
    }
}
