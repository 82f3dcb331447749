import ArgumentParser
import Postgres
import ShareServers

struct Errors: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List when servers had failed, what ended that and who did it; and the calls that failed.",
        discussion: """
            ENDED BY: reset (an operator said so, which is no proof of repair), delete, unmanage, retry (another call), \
            itself (no call), or open. Times are UTC.
            """)

    /// Which errors are listed.
    enum Kind: String, CaseIterable, ExpressibleByArgument {
        case all, episode, call
    }

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var window: WindowOptions
    @OptionGroup var scope: ScopeOptions
    @OptionGroup var known: KnownAtOptions

    @Option(help: "Episodes of failed statuses, failed calls, or both.")
    var kind = Kind.all

    @Option(help: ArgumentHelp("Only of this server.", valueName: "id"))
    var server: String?

    @Option(help: "How many at most: a number, or all.")
    var limit = Limit(count: 1000)

    func run() async throws {
        let query = window.query + scope.query + known.query + [("kind", kind.rawValue), ("server_id", server)]
        try await APIClient.with(api) { client in
            try await client.write(.errors, "/v1/errors", query, limit: limit, output)
        }
    }
}

extension Listing {
    /// Episodes and calls in one order of time.
    static let errors = Listing(
        items: "errors",
        columns: [
            Column("AT") { Table.Cell($0.second("at"), .faint) },
            Column("SERVER", least: 8) { Table.Cell($0.text("server_id"), .bold) },
            Column("ERROR", least: 10) { error in
                Table.Cell(error.member("call")?.phrase ?? error.text("status"), .bad)
            },
            Column("LASTED", right: true) { error in
                Table.Cell(error.text("kind") == "call" ? nil : error.span("duration_s") ?? "…")
            },
            Column("CAUSE", least: 10, dispensable: 3) { Table.Cell($0.member("cause")?.phrase) },
            Column("ENDED BY", least: 8) { error in
                guard error.text("kind") == "episode" else { return "" }
                let who = error.member("remedy")?.actor.map { " by \($0)" } ?? ""
                return Table.Cell(error.text("resolution").map { $0 + who } ?? "open", .faint)
            },
            Column("THEN", dispensable: 2) { Table.Cell($0.text("until_status")) },
            Column("AGAIN", right: true, dispensable: 4) { error in
                Table.Cell(error.integer("recurrence").flatMap { $0 > 0 ? "\($0 + 1)." : nil })
            },
            Column("FAULT", least: 10, dispensable: 1) { error in
                Table.Cell((error.member("call") ?? error.member("cause"))?.faultMessage, .bad)
            },
            Column("HOST", least: 8, dispensable: 5) { Table.Cell($0.text("host")) },
        ],
        fields: [
            .member("kind"), .member("at"), .member("server_id"), .member("status"), .member("former_status"),
            .member("not_before"), .member("until"), .member("until_status"), .member("duration_s"),
            .member("resolution"), .member("is_asserted"), .member("recurrence"), .member("host"),
            .member("project_id"), Field("cause") { $0.member("cause")?.phrase },
            Field("remedy") { $0.member("remedy")?.phrase }, Field("call") { $0.member("call")?.phrase },
            Field("fault") { ($0.member("call") ?? $0.member("cause"))?.faultMessage },
            Field("request_id") { $0.text("call", "request_id") }, Field("lane") { $0.text("entry", "lane") },
            Field("position") { $0.text("entry", "position") },
        ],
        none: "Nothing failed in that window.")
}
