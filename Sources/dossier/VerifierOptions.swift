import ArgumentParser
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
        let origin = String(note.text.prefix { $0 != "\n" })
        return self + filter { origin.hasPrefix($0.name + "/lane/") }.map { $0.named(origin) }
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

    /// The checkpoints of a file: one, or several one after another as in the file that Dossier keeps.
    static func checkpoints(_ path: String, by keys: [VerifierKey]) async throws -> [Checkpoint] {
        let text = String(decoding: try await bytes(path, limit: 1 << 30), as: UTF8.self)
        var blocks = text.split(separator: "\n\n", omittingEmptySubsequences: false).map(String.init)
        while blocks.last?.isEmpty == true { blocks.removeLast() }
        guard blocks.count >= 2, blocks.count.isMultiple(of: 2) else {
            throw Failure("\(path) holds no checkpoint", status: .unverified)
        }
        return try stride(from: 0, to: blocks.count, by: 2).map { index in
            var note = blocks[index] + "\n\n" + blocks[index + 1]
            if !note.hasSuffix("\n") { note += "\n" }
            let signed = try SignedNote(Array(note.utf8))
            return try Checkpoint.verified(signed, by: keys.forLanes(of: signed))
        }
    }
}
