import ArgumentParser
import EventLog
import FoundationEssentials
import ShareServers

struct Prove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write the proof that an entry is in the log, bound to the newest checkpoint.",
        discussion: """
            The entry as 'dossier events' prints it, such as 0/42. With the proof (a .tlog-proof), the entry's own line \
            and the log's verifier key anybody can check it, without Dossier: 'dossier verify-proof'.
            """)

    @OptionGroup var api: APIOptions

    @Argument(help: ArgumentHelp("The entry: its lane and its position.", valueName: "lane/position"))
    var entry: String

    @Option(
        help: ArgumentHelp("Write the entry's line here, for checking the proof.", valueName: "file"),
        completion: .file())
    var entryTo: String?

    func run() async throws {
        let parts = entry.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let lane = Int16(parts[0]), let position = Int64(parts[1]), lane >= 0, position >= 0
        else { throw ValidationError("'\(entry.escapedForTerminal)' names no entry; one is such as 0/42.") }
        try await APIClient.with(api) { client in
            let path = "/v1/events/\(lane)/\(position)"
            let proof = try await client.text("\(path)/proof")
            if let entryTo {
                guard let event = try await client.get(path).member("entry", "event") else {
                    throw APIError.notDossier(url: client.url, reason: "the answer holds no entry")
                }
                // The canonical form is what was hashed.
                try Data(event.canonical()).write(to: URL(filePath: entryTo))
            }
            try await Output.standard.write(proof)
        }
    }
}
