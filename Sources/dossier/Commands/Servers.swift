import ArgumentParser
import Postgres
import ShareServers

struct Servers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the share servers as they are now, or as they were at a moment.",
        discussion: "Servers that are gone are listed too, as 'absent'. Times are UTC.")

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var known: KnownAtOptions

    @Option(help: "Only servers in this status, such as active or manage_error.")
    var status: String?

    @Option(name: .customLong("class"), help: "Only this class of statuses.")
    var statusClass: StatusClass?

    @Option(help: ArgumentHelp("Only servers on this host, such as lab@alpha.", valueName: "host"))
    var host: String?

    @Option(help: ArgumentHelp("Only servers of this project.", valueName: "id"))
    var project: String?

    @Option(help: ArgumentHelp("Only servers of this share network.", valueName: "id"))
    var shareNetwork: String?

    @Option(help: ArgumentHelp("As of this moment.", valueName: "time"), transform: TimeArgument.parse)
    var at: Timestamp?

    @Option(help: "How many at most: a number, or all.")
    var limit = Limit.all

    func run() async throws {
        let query: [(name: String, value: String?)] =
            [
                ("status", status), ("class", statusClass?.rawValue), ("host", host), ("project_id", project),
                ("share_network_id", shareNetwork), ("at", at?.description),
            ] + known.query
        try await APIClient.with(api) { client in
            try await client.write(
                at == nil && !known.isGiven ? .servers : .serversThen, "/v1/servers", query, limit: limit, output)
        }
    }
}

extension Listing {
    /// The servers as they are now.
    static let servers = Listing(
        items: "servers",
        columns: state + [
            Column("LAST CALL", least: 16, dispensable: 4) { Table.Cell($0.member("last_call")?.phrase) },
            Column("LAST ERROR", least: 16, dispensable: 3) { server in
                Table.Cell(server.member("last_error").map { $0.faultMessage ?? $0.phrase }, .bad)
            },
        ],
        fields: stateFields + [
            .member("first_seen"), .member("last_seen"), Field("last_call") { $0.member("last_call")?.phrase },
            Field("last_call_at") { $0.text("last_call", "at") },
            Field("last_error") { $0.member("last_error").map { $0.faultMessage ?? $0.phrase } },
            Field("last_error_at") { $0.text("last_error", "at") },
        ],
        none: "There is no such server.")

    /// The servers as they were at a moment: what came after is left out.
    static let serversThen = Listing(
        items: "servers",
        columns: state + [Column("CAUSE", least: 16, dispensable: 3) { Table.Cell($0.member("cause")?.phrase) }],
        fields: stateFields + [.member("until"), Field("cause") { $0.member("cause")?.phrase }],
        none: "There was no such server then.")

    private static let state = [
        Column("ID") { Table.Cell($0.text("id"), .bold) },
        Column("STATUS", least: 8) { Table.Cell($0.text("status") ?? "unknown", Style(statusClass: $0.text("class"))) },
        Column("SINCE", dispensable: 2) { Table.Cell($0.second("since"), .faint) },
        Column("HOST", least: 10, dispensable: 1) { Table.Cell($0.text("host")) },
        Column("PROJECT", least: 8, dispensable: 5) { Table.Cell($0.text("project_id")) },
    ]

    private static let stateFields: [Field] = [
        .member("id"), .member("lane"), .member("status"), .member("class"), .member("since"), .member("not_before"),
        .member("host"), .member("project_id"), .member("share_network_id"), .member("task_state"),
    ]
}
