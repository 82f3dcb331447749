import ArgumentParser
import Postgres
import ShareServers

struct Calls: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "How many API calls there were, how they were answered, and how fast.",
        discussion: "Latencies are right within 1 %; they are of the calls whose duration was told. Times are UTC.")

    /// By what the figures are told apart.
    enum By: String, CaseIterable, ExpressibleByArgument {
        case operation, actor, project, host, fleet
        case httpClass = "http_class"
    }

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var window: WindowOptions
    @OptionGroup var scope: ScopeOptions
    @OptionGroup var known: KnownAtOptions

    @Option(help: "By what the figures are told apart.")
    var by = By.operation

    @Option(help: "Only this operation, such as delete or migration_start.")
    var operation: String?

    @Option(help: ArgumentHelp("Only by this user.", valueName: "user id"))
    var actor: String?

    @Option(help: ArgumentHelp("Only on this server.", valueName: "id"))
    var server: String?

    func run() async throws {
        let query =
            window.query + scope.query + known.query
            + [("by", by.rawValue), ("operation", operation), ("actor", actor), ("server_id", server)]
        try await APIClient.with(api) { client in
            try await client.writeWhole(.calls, "/v1/metrics/calls", query, output)
        }
    }
}

extension Listing {
    /// One row a group.
    static let calls = Listing(
        items: "groups",
        columns: [
            Column("GROUP", least: 8) { Table.Cell($0.text("group") ?? "(none)", .bold) },
            Column("CALLS", right: true) { Table.Cell($0.text("calls")) },
            Column("PER HOUR", right: true, dispensable: 3) { Table.Cell($0.decimal("rate_per_hour", places: 2)) },
            Column("2XX", right: true) { Table.Cell($0.text("http", "2xx"), .good) },
            Column("4XX", right: true) { Table.Cell($0.text("http", "4xx"), .bad) },
            Column("5XX", right: true) { Table.Cell($0.text("http", "5xx"), .bad) },
            Column("OTHER", right: true, dispensable: 4) { group in
                let others = ["none", "1xx", "3xx"].compactMap { group.integer("http", $0) }.reduce(0, +)
                return Table.Cell(others == 0 ? nil : others.description)
            },
            Column("FAILED", right: true) { Table.Cell($0.percent("failed_share")) },
            Column("MEAN MS", right: true, dispensable: 2) { Table.Cell($0.decimal("mean_ms", places: 1)) },
            Column("P50 MS", right: true) { Table.Cell($0.decimal("p50_ms", places: 1)) },
            Column("P90 MS", right: true, dispensable: 1) { Table.Cell($0.decimal("p90_ms", places: 1)) },
            Column("P99 MS", right: true) { Table.Cell($0.decimal("p99_ms", places: 1)) },
        ],
        fields: [
            .member("group"), .member("calls"), .member("rate_per_hour"),
            Field("http_2xx") { $0.text("http", "2xx") }, Field("http_3xx") { $0.text("http", "3xx") },
            Field("http_4xx") { $0.text("http", "4xx") }, Field("http_5xx") { $0.text("http", "5xx") },
            Field("http_none") { $0.text("http", "none") }, .member("failed_share"), .member("timed"),
            .member("mean_ms"), .member("p50_ms"), .member("p90_ms"), .member("p99_ms"), .member("max_ms"),
        ],
        none: "There was no such call in that window.")
}
