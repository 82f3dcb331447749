import Foundation
import Testing

/// The page on backups, and the things that its commands are about.
struct Runbook {
    /// What the page's variables stand for, and what the program finds set.
    var variables: [String: String]

    subscript(_ name: String) -> String { variables[name] ?? "" }

    /// A log to back up, a key to sign it with, and a folder for the backup.
    init(_ directory: String, log: String) async throws {
        let made = try await Program.run(["keys", "generate", "--origin", "audit.example/dossier", directory + "/key"])
        try #require(made.status == 0, "\(made.errors)")
        try FileManager.default.createDirectory(atPath: directory + "/backup", withIntermediateDirectories: true)
        try "s3cret\n".write(toFile: directory + "/password", atomically: false, encoding: .utf8)
        variables = [
            "LOG": log, "BACKUP": directory + "/backup", "CHECKPOINTS": directory + "/checkpoints",
            "PASSWORD": directory + "/password", "VERIFIER": made.output.trimmingCharacters(in: .newlines),
            "DOSSIER_SIGNING_KEY": directory + "/key", "DOSSIER_CHECKPOINT_FILE": directory + "/checkpoints",
            "DOSSIER_DATA": directory + "/data",
        ]
    }

    /// A block of shell of the page, by the heading that it stands under and its number there, from 0.
    static func commands(_ heading: String, _ number: Int = 0) throws -> String {
        let page = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/dossier/Documentation.docc/Backup.md").standardizedFileURL
        let text = try String(contentsOf: page, encoding: .utf8)
        let section = try #require(text.components(separatedBy: "\n## ").first { $0.hasPrefix(heading + "\n") })
        let blocks = section.components(separatedBy: "```sh\n").dropFirst()
            .map { String($0.prefix(upTo: $0.range(of: "```")?.lowerBound ?? $0.endIndex)) }
        return try #require(blocks.dropFirst(number).first, "\(heading) has no block \(number)")
    }

    /// Runs commands of the page, with the programs of this build and of the server; the first that fails ends them.
    func follow(_ commands: String, _ cluster: TestCluster) async throws -> Program.Outcome {
        let programs = try await cluster.texts("SELECT setting FROM pg_config WHERE name = 'BINDIR'")[0]
        let own = URL(filePath: Program.path).deletingLastPathComponent().path
        return try await Program.shell(
            "set -euo pipefail; PATH=\(own.quoted):\(programs.quoted):$PATH\n" + commands, environment: variables)
    }

    func run(_ arguments: [String], input: String = "") async throws -> Program.Outcome {
        try await Program.run(arguments, environment: variables, input: input)
    }

    /// Runs `dossier`, which must do what it is asked.
    @discardableResult
    func done(_ arguments: [String], input: String = "") async throws -> String {
        let outcome = try await run(arguments, input: input)
        try #require(outcome.status == 0, "\(arguments): \(outcome.errors)")
        return outcome.output
    }
}

extension Runbook {
    /// Runs `body` while a service answers on a database.
    func serving(_ database: String, _ body: (_ url: String) async throws -> Void) async throws {
        try await RunningProgram.serving(["--database", database], environment: variables, body)
    }
}
