import ArgumentParser
import TransparencyLog

struct VerifyProof: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the proof of one entry, offline: exit 2 where it proves nothing.",
        discussion: """
            Needs the proof as 'dossier prove' writes it, the entry's line, and the log's verifier key from whom you \
            trust; no database and no service.
            """)

    @Argument(help: ArgumentHelp("The .tlog-proof.", valueName: "file"), completion: .file())
    var proof: String

    @Option(
        help: ArgumentHelp("The entry: its line of an export; '-' for standard input.", valueName: "file"),
        completion: .file())
    var entry: String

    @OptionGroup var verifier: VerifierOptions

    func run() async throws {
        let keys = try verifier.keys()
        let proof = try EntryProof(try await Evidence.bytes(proof, limit: 1 << 20))
        var entry = try await Evidence.bytes(entry, limit: 1 << 17)
        if entry.last == 0x0A { entry.removeLast() }
        let checkpoint = try proof.verified(entry, by: keys.forLanes(of: proof.note))
        try await Output.standard.write(
            "The entry is the one at index \(proof.index) of \(checkpoint.origin), as signed of its first "
                + "\(checkpoint.size) entries, root \(checkpoint.root.base64).\n".escapedLine)
    }
}
