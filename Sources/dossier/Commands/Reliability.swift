import ArgumentParser
import Postgres
import ShareServers

struct Reliability: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "How often servers failed, how long it took to restore them, and how available they were.",
        discussion: """
            A failure is an entry into a failed status from another. It lasts until the next serving status: RESTORED, \
            of which RESET by an operator's word alone; or the server is GONE first; or it is still OPEN. MEDIAN and P90 \
            are Kaplan-Meier's, '-' where not reached. MTBF is serving time by failures, between its confidence bounds. \
            AVAILABLE is serving time by the time that was observed. Times are UTC.
            """)

    /// How time spent migrating counts.
    enum Migrating: String, CaseIterable, ExpressibleByArgument {
        case up, down, excluded
    }

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

    @Option(help: "How time in server_migrating, server_migrating_to and network_change counts.")
    var migrating = Migrating.down

    @Option(help: "Of the bounds of MTBF, between 0 and 1.")
    var confidence = 0.9

    @Option(help: "How many groups at most: a number, or all.")
    var limit = Limit.all

    func run() async throws {
        let query =
            window.query + scope.query + known.query
            + [
                ("by", by.rawValue), ("server_id", server), ("share_network_id", shareNetwork),
                ("migrating", migrating.rawValue), ("confidence", String(confidence)),
            ]
        try await APIClient.with(api) { client in
            try await client.write(.reliability, "/v1/metrics/reliability", query, limit: limit, output)
        }
    }
}

extension Listing {
    /// One row a group.
    static let reliability = Listing(
        items: "groups",
        columns: [
            Column("GROUP", least: 8) { Table.Cell($0.text("group") ?? "(none)", .bold) },
            Column("SERVERS", right: true, dispensable: 4) { Table.Cell($0.text("servers")) },
            Column("FAILURES", right: true) { Table.Cell($0.text("failures")) },
            Column("RESTORED", right: true) { Table.Cell($0.text("time_to_restore", "restored")) },
            Column("RESET", right: true, dispensable: 2) {
                Table.Cell($0.text("time_to_restore", "restored_by_reset"))
            },
            Column("GONE", right: true, dispensable: 3) { Table.Cell($0.text("time_to_restore", "gone")) },
            Column("OPEN", right: true) { Table.Cell($0.text("time_to_restore", "open")) },
            Column("MEAN", right: true) { Table.Cell($0.member("time_to_restore")?.span("mean_s") ?? "-") },
            Column("MEDIAN", right: true) { Table.Cell($0.member("time_to_restore")?.span("median_km_s") ?? "-") },
            Column("P90", right: true) { Table.Cell($0.member("time_to_restore")?.span("p90_km_s") ?? "-") },
            Column("MTBF", right: true) { Table.Cell($0.member("mtbf")?.span("estimate_s") ?? "-") },
            Column("BOUNDS", dispensable: 1) { group in
                let mtbf = group.member("mtbf")
                return Table.Cell("\(mtbf?.span("lower_s") ?? "-") … \(mtbf?.span("upper_s") ?? "∞")", .faint)
            },
            Column("AVAILABLE", right: true) { Table.Cell($0.percent("availability") ?? "-") },
            Column("OBSERVED", right: true) { Table.Cell($0.percent("observed_share") ?? "-", .faint) },
        ],
        fields: [
            .member("group"), .member("servers"), .member("failures"), .member("asserted_failures"),
            .member("first_seen_failed"), Field("restored") { $0.text("time_to_restore", "restored") },
            Field("restored_by_reset") { $0.text("time_to_restore", "restored_by_reset") },
            Field("gone") { $0.text("time_to_restore", "gone") }, Field("open") { $0.text("time_to_restore", "open") },
            Field("mean_s") { $0.text("time_to_restore", "mean_s") },
            Field("median_km_s") { $0.text("time_to_restore", "median_km_s") },
            Field("p90_km_s") { $0.text("time_to_restore", "p90_km_s") },
            Field("mtbf_s") { $0.text("mtbf", "estimate_s") }, Field("mtbf_lower_s") { $0.text("mtbf", "lower_s") },
            Field("mtbf_upper_s") { $0.text("mtbf", "upper_s") }, .member("availability"), .member("observed_share"),
            Field("creations") { $0.text("creations", "n") },
            Field("creations_failed") { $0.text("creations", "failed") },
        ],
        none: "No server was there in that window.")
}
