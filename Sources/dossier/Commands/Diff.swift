import ArgumentParser
import Postgres
import ShareServers

struct Diff: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what changed in the fleet between two moments, by which calls and whom.",
        discussion: """
            CAUSE is the last call before the change that was accepted and named the server; 'no call' where none did, '-' \
            where a change that was under way came to its end. Times are UTC.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var window: WindowOptions
    @OptionGroup var scope: ScopeOptions
    @OptionGroup var known: KnownAtOptions

    @Option(help: ArgumentHelp("Only of this share network.", valueName: "id"))
    var shareNetwork: String?

    @Option(help: "How many servers at most: a number, or all.")
    var limit = Limit.all

    func run() async throws {
        let query = window.query + scope.query + known.query + [("share_network_id", shareNetwork)]
        try await APIClient.with(api) { client in
            try await client.write(.diff, "/v1/servers/diff", query, limit: limit, output)
        }
    }
}

extension Listing {
    /// One row a change of status.
    static let diff = Listing(
        items: "servers",
        columns: [
            Column("SERVER", least: 8) { Table.Cell($0.text("server_id"), .bold) },
            Column("KIND", dispensable: 3) { Table.Cell($0.text("kind")) },
            Column("AT", dispensable: 2) { Table.Cell($0.second("at"), .faint) },
            Column("FROM", least: 8) { Table.Cell($0.text("former") ?? "-") },
            Column("TO", least: 8) { Table.Cell($0.text("status"), Style(statusClass: $0.text("class"))) },
            Column("CAUSE", least: 10) { change in
                let isEnd = change.text("former").map { StatusClass(status: $0) == .transitional } ?? false
                return Table.Cell(change.member("cause")?.phrase ?? (isEnd ? "-" : "no call"))
            },
            Column("HOST", least: 8, dispensable: 1) { Table.Cell($0.text("host")) },
        ],
        fields: [
            .member("server_id"), .member("kind"), .member("at"), Field("from") { $0.text("former") },
            Field("to") { $0.text("status") }, Field("cause") { $0.member("cause")?.phrase },
            Field("request_id") { $0.text("cause", "request_id") }, .member("host"), .member("project_id"),
        ],
        none: "No server's status changed in that window.",
        rows: { server in
            var former = server.member("before") ?? .null
            var rows: [JSON] = []
            for change in server.elements("changes") {
                let status = change.text("status") ?? ""
                rows.append(
                    change.adding([
                        "server_id": server.member("server_id") ?? .null, "kind": server.member("kind") ?? .null,
                        "former": former, "class": .string(StatusClass(status: status).rawValue),
                        "host": server.member("host") ?? .null, "project_id": server.member("project_id") ?? .null,
                    ]))
                former = .string(status)
            }
            return rows
        })
}
