import ArgumentParser
import Postgres
import ShareServers

struct Conformance: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List changes of status and accepted calls that Manila's documented state machine does not allow.",
        discussion: "Steps that nobody saw are allowed for, and whatever follows a reset_status. Times are UTC.")

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var window: WindowOptions
    @OptionGroup var scope: ScopeOptions
    @OptionGroup var known: KnownAtOptions

    @Option(help: ArgumentHelp("Only of this server.", valueName: "id"))
    var server: String?

    @Option(help: "How many at most: a number, or all.")
    var limit = Limit(count: 1000)

    func run() async throws {
        let query = window.query + scope.query + known.query + [("server_id", server)]
        try await APIClient.with(api) { client in
            try await client.write(.conformance, "/v1/conformance", query, limit: limit, output)
        }
    }
}

extension Listing {
    /// In order of time.
    static let conformance = Listing(
        items: "deviations",
        columns: [
            Column("AT") { Table.Cell($0.second("at"), .faint) },
            Column("SERVER", least: 8) { Table.Cell($0.text("server_id"), .bold) },
            Column("WHAT", least: 12) { deviation in
                Table.Cell(
                    deviation.member("call")?.phrase
                        ?? "\(deviation.text("former_status") ?? "") → \(deviation.text("status") ?? "")", .bad)
            },
            Column("WHY", least: 16) { Table.Cell($0.text("reason")) },
            Column("CAUSE", least: 8, dispensable: 1) { Table.Cell($0.member("cause")?.phrase) },
            Column("HOST", least: 8, dispensable: 2) { Table.Cell($0.text("host")) },
        ],
        fields: [
            .member("kind"), .member("at"), .member("server_id"), .member("former_status"), .member("status"),
            .member("is_certain"), .member("reason"), Field("call") { $0.member("call")?.phrase },
            Field("cause") { $0.member("cause")?.phrase }, .member("host"), .member("project_id"),
            Field("lane") { $0.text("entry", "lane") }, Field("position") { $0.text("entry", "position") },
        ],
        none: "Nothing happened in that window that Manila's documents do not allow.")
}
