import DatabaseTesting
import Foundation
import Postgres

/// PostgreSQL's own programs, of the version that the server is.
enum PostgresProgram {
    struct Failure: Error {
        let program: String
        let status: Int32
        let errors: String
    }

    /// Runs a program to its end.
    ///
    /// - Parameter output: The file that its standard output becomes.
    static func run(_ name: String, _ arguments: [String], output: URL? = nil) async throws {
        let folder = try await Database(url: TestServer.url()).texts(
            "SELECT setting FROM pg_config WHERE name = 'BINDIR'")[0]
        let errors = FileManager.default.temporaryDirectory.appending(path: "errors-\(UUID().uuidString)")
        try Data().write(to: errors)
        defer { try? FileManager.default.removeItem(at: errors) }
        if let output { try Data().write(to: output) }
        let process = Process()
        process.executableURL = URL(filePath: folder).appending(path: name)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        // Files, because a pipe that nobody empties would stop the program.
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardOutput = try output.map { try FileHandle(forWritingTo: $0) } ?? FileHandle.nullDevice
        let status = try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                continuation.resume(throwing: error)
            }
        }
        guard status == 0 else {
            throw Failure(
                program: name, status: status, errors: (try? String(contentsOf: errors, encoding: .utf8)) ?? "")
        }
    }

    /// What `pg_dump` says of a database, without the lines that differ from run to run.
    static func dump(_ url: String, _ arguments: [String] = []) async throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "dump-\(UUID().uuidString).sql")
        defer { try? FileManager.default.removeItem(at: file) }
        try await run("pg_dump", ["--dbname", url] + arguments, output: file)
        return try String(contentsOf: file, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false)
            // Random words against injection by a dump's server.
            .filter { !$0.hasPrefix("\\restrict ") && !$0.hasPrefix("\\unrestrict ") }
            .joined(separator: "\n")
    }

    /// Restores a dump into an empty database; the first error ends it.
    static func restore(_ dump: String, into url: String) async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "restore-\(UUID().uuidString).sql")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(dump.utf8).write(to: file)
        try await run(
            "psql", ["--dbname", url, "--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", file.path])
    }

    /// Another empty database, dropped afterwards.
    static func withDatabase<Output: Sendable>(
        _ body: (_ url: String) async throws -> Output
    ) async throws -> Output {
        let name = "other_" + UUID().uuidString.replacing("-", with: "").lowercased()
        let administrator = Database(url: try await TestServer.url())
        try await administrator.execute("CREATE DATABASE \(name) TEMPLATE template0 STRATEGY file_copy")
        let result: Result<Output, any Error>
        do {
            result = .success(try await body(TestServer.url(database: name)))
        } catch {
            result = .failure(error)
        }
        try await administrator.execute("DROP DATABASE \(name) WITH (FORCE)")
        return try result.get()
    }
}
