import ArgumentParser
import EventLog
import FoundationEssentials
import ShareServers
import TransparencyLog

struct ProveHistory: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check an export against a checkpoint, offline, and print all that it says of one server.",
        discussion: """
            As the export is whole up to the checkpoint, so is what is printed: no entry of the server is left out, and \
            none was added. Exit 2 where the export is not what was signed; nothing is printed then.
            """)

    @Argument(help: "The server's id.")
    var id: String

    @Option(help: ArgumentHelp("What 'dossier export' wrote.", valueName: "file"), completion: .file())
    var export: String

    @Option(help: ArgumentHelp("What 'dossier checkpoint' printed.", valueName: "file"), completion: .file())
    var checkpoint: String

    @Option(help: "How many lanes the log has.")
    var lanes: Int16 = 1

    @OptionGroup var verifier: VerifierOptions

    func run() async throws {
        guard let server = UUID(uuidString: id) else {
            throw ValidationError("'\(id.escapedForTerminal)' is no server's id, which is a UUID.")
        }
        let keys = try verifier.keys()
        let checkpoints = try await Evidence.checkpoints(
            checkpoint, by: keys, lane: lanes > 1 ? Lane(of: server, lanes: lanes).number : nil)
        try expectLane(of: server, checkpoints)
        let signed = checkpoints.map(\.size).max() ?? 0
        var verification = ExportVerification(checkpoints)
        var found: [[UInt8]] = []
        var position: UInt64 = 0
        let rest = try await FileLines.lines(export) { line in
            try verification.take(line)
            if position < signed, Self.subject(of: line) == server { found.append(line) }
            position += 1
        }
        _ = try verification.finish()
        if rest > 0 { try await Output.diagnostics.write("The export's last \(rest) bytes are no whole line.\n") }
        for line in found { try await Output.standard.write(line + [0x0A]) }
        try await Output.diagnostics.write(
            "\(found.count) entries of server \(server.uuidString.lowercased()), of the \(signed) entries that "
                + "\(checkpoints[0].origin) signed: none is missing.\n".escapedLine)
        if lanes > 1 {
            try await Output.diagnostics.write(
                "Given that the log has \(lanes) lanes, which no checkpoint says. What names the server without being of it, as "
                    + "intents of calls, is in lane 0: 'dossier verify --lane 0' checks the export of that.\n")
        }
    }

    /// A server's entries are all in one lane: the export of another says nothing of it.
    private func expectLane(of server: UUID, _ checkpoints: [Checkpoint]) throws {
        let origins = Set(checkpoints.map(\.origin))
        guard origins.count == 1, let origin = origins.first else {
            throw Failure("the checkpoints are of several lanes", advice: "Give those of the lane that was exported.")
        }
        let lane = Lane(of: server, lanes: lanes)
        let isLane = origin.hasSuffix("/lane/\(lane)")
        guard lanes == 1 ? origin.firstRange(of: "/lane/") == nil : isLane else {
            throw Failure(
                "the checkpoint is of \(origin), and of \(lanes) lanes the server is in lane \(lane)",
                advice: "Give --lanes as the log has them, and the export and the checkpoint of that lane.",
                status: .usage)
        }
    }

    private static func subject(of line: [UInt8]) -> UUID? {
        (try? JSON(parsing: line))?["subject"]?.string.flatMap { UUID(uuidString: $0) }
    }
}
