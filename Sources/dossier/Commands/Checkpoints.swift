import ArgumentParser
import ShareServers
import TransparencyLog

struct Checkpoints: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List what was signed of a lane; with --from and --to, prove that one follows from the other.",
        discussion: "JSON and CSV hold the signed notes themselves. Times are UTC.")

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions

    @Option(help: "The lane.")
    var lane: Int16 = 0

    @Option(help: ArgumentHelp("The size of the older checkpoint.", valueName: "size"))
    var from: Int64?

    @Option(help: ArgumentHelp("The size of the newer checkpoint.", valueName: "size"))
    var to: Int64?

    @Option(help: "How many at most: a number, or all.")
    var limit = Limit(count: 100)

    func validate() throws {
        guard (from == nil) == (to == nil) else { throw ValidationError("--from and --to are given together.") }
    }

    /// Whether the hashes lead from the one root to the other. That these are what was signed, the signed notes say.
    private static func verifies(_ proof: JSON) -> Bool {
        func root(_ name: String) -> MerkleHash? { proof[name]?["root"]?.string.flatMap { MerkleHash(base64: $0) } }
        func size(_ name: String) -> UInt64? { proof[name]?["size"]?.int.flatMap { UInt64(exactly: $0) } }
        let path = proof["hashes"]?.array?.map { $0.string.flatMap { MerkleHash(base64: $0) } }
        guard let from = size("from"), let to = size("to"), let older = root("from"), let newer = root("to"),
            let path, path.allSatisfy({ $0 != nil })
        else { return false }
        return Proof.verifyConsistency(from: from, root: older, to: to, root: newer, path: path.compactMap { $0 })
    }

    func run() async throws {
        let query: [(name: String, value: String?)] = [
            ("lane", lane.description), ("from", from?.description), ("to", to?.description),
        ]
        try await APIClient.with(api) { client in
            if from != nil {
                let proof = try await client.get("/v1/checkpoints/consistency", query)
                try await Output.standard.write(proof.indented + "\n")
                guard Self.verifies(proof) else {
                    throw Failure(
                        "what is answered does not prove that the one follows from the other", status: .unverified)
                }
            } else {
                try await client.write(.checkpoints, "/v1/checkpoints", query, limit: limit, output)
            }
        }
    }
}

extension Listing {
    /// The newest first.
    static let checkpoints = Listing(
        items: "checkpoints",
        columns: [
            Column("LANE", right: true, dispensable: 1) { Table.Cell($0.text("lane"), .faint) },
            Column("ENTRIES", right: true) { Table.Cell($0.text("size"), .bold) },
            Column("SIGNED") { Table.Cell($0.second("made_at"), .faint) },
            Column("ROOT", least: 12) { Table.Cell($0.text("root")) },
            Column("BY", least: 8) { Table.Cell($0.elements("signers").map(\.plain).joined(separator: ", ")) },
        ],
        fields: [
            .member("lane"), .member("size"), .member("made_at"), .member("root"), .member("note"),
        ],
        none: "Nothing of this lane was signed yet.")
}
