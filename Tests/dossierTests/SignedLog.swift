import DatabaseTesting
import Foundation
import Testing

/// A log of the running test's database, and a key to sign it with, in a directory of its own.
struct SignedLog {
    static let origin = "audit.example/dossier"
    let directory: String
    let verifierKey: String
    var key: String { directory + "/log.key" }
    var file: String { directory + "/checkpoints" }
    var export: String { directory + "/export.ndjson" }
    var checkpoint: String { directory + "/checkpoint" }

    /// What the program finds set.
    var environment: [String: String] {
        DatabaseTrait.environment.merging([
            "DOSSIER_SIGNING_KEY": key, "DOSSIER_CHECKPOINT_FILE": file, "DOSSIER_DATA": directory + "/data",
        ]) { one, _ in one }
    }

    static func with<T>(_ entries: Range<Int> = 0..<300, _ body: (SignedLog) async throws -> T) async throws -> T {
        try await withDirectory { directory in
            let made = try await Program.run(["keys", "generate", "--origin", origin, directory + "/log.key"])
            try #require(made.status == 0, "\(made.errors)")
            let log = SignedLog(directory: directory, verifierKey: made.output.trimmingCharacters(in: .newlines))
            try await log.append(entries)
            return try await body(log)
        }
    }

    func append(_ entries: Range<Int>) async throws {
        let outcome = try await Program.run(["import", "-"], environment: environment, input: Lines.text(entries))
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    func run(_ arguments: [String], input: String = "") async throws -> Program.Outcome {
        try await Program.run(arguments, environment: environment, input: input)
    }

    /// Signs a checkpoint; exports what is there.
    @discardableResult
    func sign(_ arguments: [String] = []) async throws -> String {
        let outcome = try await run(["checkpoint"] + arguments)
        try #require(outcome.status == 0, "\(outcome.errors)")
        try outcome.output.write(toFile: checkpoint, atomically: true, encoding: .utf8)
        let exported = try await run(["export", "--to", export])
        try #require(exported.status == 0, "\(exported.errors)")
        return outcome.output
    }

    /// Runs `body` while a service answers at the URL.
    func serving(_ arguments: [String] = [], _ body: (_ url: String) async throws -> Void) async throws {
        try await RunningProgram.serving(arguments, environment: environment, body)
    }

    static let clients = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Clients").path

    /// Runs one of the independent clients.
    static func python(_ script: String, _ arguments: [String]) async throws -> Program.Outcome {
        let words = ["python3", "\(clients)/\(script)"] + arguments
        return try await Program.shell(
            words.map(\.quoted).joined(separator: " "), environment: ["PYTHONDONTWRITEBYTECODE": "1"])
    }
}
