import ArgumentParser
import Postgres
import ShareServers

struct Stuck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List servers that have been in a transitional status for longer than is usual.",
        discussion: """
            Longer than 99 of 100 visits to that status on that host that ended lately (USUAL), and than the floor. \
            Times are UTC.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var scope: ScopeOptions
    @OptionGroup var known: KnownAtOptions

    @Option(help: ArgumentHelp("As of this moment.", valueName: "time"), transform: TimeArgument.parse)
    var at: Timestamp?

    @Option(help: ArgumentHelp("Nothing younger is listed; 10m unless told otherwise.", valueName: "length"))
    var floor: String?

    @Option(
        help: ArgumentHelp("How far back visits are compared with; 90d unless told otherwise.", valueName: "length"))
    var compared: String?

    func run() async throws {
        let query =
            scope.query + known.query
            + [("at", at?.description), ("floor", floor), ("compared", compared), ("limit", "1000")]
        try await APIClient.with(api) { client in
            try await client.writeWhole(.stuck, "/v1/stuck", query, output)
        }
    }
}

extension Listing {
    /// The oldest first.
    static let stuck = Listing(
        items: "servers",
        columns: [
            Column("SERVER", least: 8) { Table.Cell($0.text("server_id"), .bold) },
            Column("STATUS", least: 8) { Table.Cell($0.text("status"), .moving) },
            Column("SINCE", dispensable: 1) { Table.Cell($0.second("since"), .faint) },
            Column("FOR", right: true) { Table.Cell($0.span("age_s"), .bad) },
            Column("USUAL", right: true) { Table.Cell($0.span("usual_s") ?? "-") },
            Column("OF", right: true, dispensable: 3) { Table.Cell($0.text("compared")) },
            Column("HOST", least: 8, dispensable: 2) { Table.Cell($0.text("host")) },
            Column("BEGUN BY", least: 10) { Table.Cell($0.member("cause")?.phrase ?? "no call") },
        ],
        fields: [
            .member("server_id"), .member("status"), .member("since"), .member("age_s"), .member("usual_s"),
            .member("compared"), .member("is_by_host"), .member("host"), .member("project_id"),
            Field("cause") { $0.member("cause")?.phrase },
        ],
        none: "No server is stuck.")
}
