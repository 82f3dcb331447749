import ArgumentParser
import Postgres
import ShareServers

/// By what figures are told apart.
enum GroupingArgument: String, CaseIterable, ExpressibleByArgument {
    case server, host, project, fleet
    case shareNetwork = "share_network"
}

struct TimeInState: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "time-in-state",
        abstract: "How long servers were in each status of a window.",
        discussion: """
            TOTAL and SHARE are of the window; SHARE is of the time for which the servers were not absent. MEAN, P50, P95 \
            and MAX are the lengths of visits that ended in the window. MEDIAN (KM) takes those into account too that \
            have not ended: '-' where more than half are still there. 'unobserved' is the time before a server was \
            first seen, and while none of its sources was watching. Times are UTC.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var window: WindowOptions
    @OptionGroup var scope: ScopeOptions
    @OptionGroup var known: KnownAtOptions

    @Option(help: "By what the figures are told apart.")
    var by = GroupingArgument.fleet

    @Option(help: ArgumentHelp("Only this server.", valueName: "id"))
    var server: String?

    @Option(help: ArgumentHelp("Only of this share network.", valueName: "id"))
    var shareNetwork: String?

    @Option(help: "How many groups at most: a number, or all.")
    var limit = Limit.all

    func run() async throws {
        let query =
            window.query + scope.query + known.query
            + [("by", by.rawValue), ("server_id", server), ("share_network_id", shareNetwork)]
        try await APIClient.with(api) { client in
            try await client.write(.timeInState, "/v1/metrics/time-in-state", query, limit: limit, output)
        }
    }
}

extension Listing {
    /// Each status of each group, then what was not observed and what was absent.
    static let timeInState = Listing(
        items: "groups",
        columns: [
            Column("GROUP", least: 8) { Table.Cell($0.text("group") ?? "(none)", .bold) },
            Column("SERVERS", right: true, dispensable: 6) { Table.Cell($0.text("servers")) },
            Column("STATUS", least: 8) { Table.Cell($0.text("status"), Style(statusClass: $0.text("class"))) },
            Column("TOTAL", right: true) { Table.Cell($0.span("total_s")) },
            Column("SHARE", right: true) { Table.Cell($0.percent("share")) },
            Column("BEGUN", right: true, dispensable: 3) { Table.Cell($0.text("begun")) },
            Column("ENDED", right: true, dispensable: 2) { Table.Cell($0.text("completed")) },
            Column("OPEN", right: true, dispensable: 4) { Table.Cell($0.text("censored")) },
            Column("MEAN", right: true, dispensable: 5) { Table.Cell($0.span("mean_s")) },
            Column("P50", right: true) { Table.Cell($0.span("p50_s")) },
            Column("P95", right: true) { Table.Cell($0.span("p95_s")) },
            Column("MAX", right: true, dispensable: 1) { Table.Cell($0.span("max_s")) },
            Column("MEDIAN (KM)", right: true) { row in
                Table.Cell(row.member("begun") == nil ? nil : row.span("median_km_s") ?? "-")
            },
        ],
        fields: [
            .member("group"), .member("servers"), .member("status"), .member("class"), .member("total_s"),
            .member("share"), .member("begun"), .member("completed"), .member("censored"), .member("mean_s"),
            .member("p50_s"), .member("p95_s"), .member("max_s"), .member("median_km_s"),
            .member("uncertainty_max_s"),
        ],
        none: "No server was there in that window.",
        rows: { group in
            let name: [String: JSON] = [
                "group": group.member("group") ?? .null, "servers": group.member("servers") ?? .null,
            ]
            let rest = [("unobserved", "unobserved_s"), ("absent", "absent_s")].map { status, member -> JSON in
                JSON.object(["status": .string(status), "total_s": group.member(member) ?? .null]).adding(name)
            }
            return group.elements("statuses").map { $0.adding(name) } + rest
        })
}
