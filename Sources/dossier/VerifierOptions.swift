import ArgumentParser
import EventLog
import Ingest
import TransparencyLog

/// Whom to believe.
struct VerifierOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The log's verifier key, as 'dossier keys show' prints it; may be given several times.", valueName: "key"))
    var verifierKey: [String] = []

    /// - Throws: A usage error for none, and for what is none.
    func keys() throws -> [VerifierKey] {
        guard !verifierKey.isEmpty else {
            throw ValidationError("Give --verifier-key: a checkpoint is worth what is known of its signer.")
        }
        return try verifierKey.map { text in
            do {
                return try VerifierKey(text)
            } catch {
                throw ValidationError("--verifier-key '\(text.escapedForTerminal)': \(error).")
            }
        }
    }
}

extension [VerifierKey] {
    /// The keys by the name of a lane, too, where they are those of a whole log.
    func forLanes(of note: SignedNote) -> [VerifierKey] {
        self + filter { note.origin.hasPrefix($0.name + "/lane/") }.map { $0.named(note.origin) }
    }
}

/// Files that are read for checking.
enum Evidence {
    /// The bytes of a small file, or of standard input for `-`.
    static func bytes(_ path: String, limit: Int) async throws -> [UInt8] {
        let file = try InputFile(path)
        var bytes: [UInt8] = []
        while true {
            let piece = try await file.read()
            guard !piece.isEmpty else { return bytes }
            bytes += piece
            guard bytes.count <= limit else { throw Failure("\(path) is longer than \(limit) bytes") }
        }
    }

    /// The checkpoints of a file: one, or several one after another as in the file that Dossier keeps. What a crash left of
    /// one at its end is told, and counts for nothing.
    ///
    /// - Parameter lane: Only those of this lane; nil: all.
    static func checkpoints(
        _ path: String, by keys: [VerifierKey], lane: Int16? = nil
    ) async throws -> [Checkpoint] {
        var rest = try await bytes(path, limit: 1 << 30)[...]
        var notes: [ArraySlice<UInt8>] = []
        while let end = CheckpointFile.end(of: rest) {
            notes.append(rest[..<(end - 1)])
            rest = rest[end...].drop { $0 == 0x0A }
        }
        // The last of those that are printed has no empty line behind it.
        if !rest.isEmpty {
            let isWhole = rest.last == 0x0A && rest.firstRange(of: [0x0A, 0x0A]) != nil
            if isWhole || notes.isEmpty {
                notes.append(rest.last == 0x0A ? rest : rest + [0x0A])
            } else {
                try await Output.diagnostics.write(
                    "The last \(rest.count) bytes of \(path) are no whole checkpoint, and were not looked at.\n"
                        .escapedLine)
            }
        }
        guard notes.contains(where: { $0.firstRange(of: [0x0A, 0x0A]) != nil }) else {
            throw Failure("\(path) holds no checkpoint", status: .unverified)
        }
        let signed = try notes.map { try SignedNote($0) }.filter { note in
            lane.map { Self.isOrigin(note.origin, of: $0) } ?? true
        }
        if let lane, signed.isEmpty {
            throw Failure("\(path) holds no checkpoint of lane \(lane)", status: .usage)
        }
        return try signed.map { try Checkpoint.verified($0, by: keys.forLanes(of: $0)) }
    }

    /// Whether a log of that name is this lane: the bare name is that of the only one.
    private static func isOrigin(_ origin: String, of lane: Int16) -> Bool {
        origin.hasSuffix("/lane/\(lane)") || lane == 0 && origin.firstRange(of: "/lane/") == nil
    }
}
