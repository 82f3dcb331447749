import ArgumentParser
import Postgres
import ShareServers

struct Capacity: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "How many servers there were over time, by class of status.",
        discussion: """
            MEAN is weighted by time, PEAK the most at any moment, HOURS the server-hours. 'unobserved' are servers of \
            which nobody knew the status. Times are UTC.
            """)

    /// By what the figures are told apart.
    enum By: String, CaseIterable, ExpressibleByArgument {
        case host, project, fleet
        case shareNetwork = "share_network"
    }

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var window: WindowOptions
    @OptionGroup var scope: ScopeOptions
    @OptionGroup var known: KnownAtOptions

    @Option(help: ArgumentHelp("Of this length each, such as 1h or 7d; without it one step.", valueName: "length"))
    var step: String?

    @Option(help: "By what the figures are told apart.")
    var by = By.fleet

    func run() async throws {
        let query = window.query + scope.query + known.query + [("step", step), ("by", by.rawValue)]
        try await APIClient.with(api) { client in
            try await client.writeWhole(.capacity, "/v1/metrics/capacity", query, output)
        }
    }
}

extension Listing {
    /// Each class of each step.
    static let capacity = Listing(
        items: "steps",
        columns: [
            Column("FROM") { Table.Cell($0.second("from"), .faint) },
            Column("UNTIL", dispensable: 2) { Table.Cell($0.second("until"), .faint) },
            Column("GROUP", least: 8) { Table.Cell($0.text("group") ?? "(none)", .bold) },
            Column("CLASS") { Table.Cell($0.text("class"), Style(statusClass: $0.text("class"))) },
            Column("MEAN", right: true) { Table.Cell($0.decimal("mean", places: 2)) },
            Column("PEAK", right: true) { Table.Cell($0.text("peak")) },
            Column("HOURS", right: true) { Table.Cell($0.decimal("server_hours", places: 2)) },
            Column("CREATED", right: true, dispensable: 1) { Table.Cell($0.text("created")) },
            Column("REMOVED", right: true, dispensable: 1) { Table.Cell($0.text("removed")) },
        ],
        fields: [
            .member("from"), .member("until"), .member("group"), .member("class"), .member("mean"), .member("peak"),
            .member("server_hours"), .member("created"), .member("removed"),
        ],
        none: "No server was there in that window.",
        rows: { step in
            let order = ["serving", "failed", "transitional", "other", "unobserved"]
            let classes = step.member("classes")?.object ?? [:]
            let rows = order.compactMap { name in classes[name].map { (name, $0) } }
            // What came and went is told once a step, beside the first class.
            let turns: [String: JSON] = [
                "created": step.member("created") ?? .null, "removed": step.member("removed") ?? .null,
            ]
            let place: [String: JSON] = [
                "from": step.member("from") ?? .null, "until": step.member("until") ?? .null,
                "group": step.member("group") ?? .null,
            ]
            guard !rows.isEmpty else { return [JSON.object(place.merging(turns) { $1 })] }
            return rows.enumerated().map { index, row in
                row.1.adding(place).adding(["class": .string(row.0)]).adding(index == 0 ? turns : [:])
            }
        })
}
