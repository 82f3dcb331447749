import ArgumentParser
import Postgres
import ShareServers

struct Coverage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say when each source was watching, and when nobody was.",
        discussion: """
            A source watches from its start to its last sign of life, less the gaps that it found. One that never said \
            when it was watching is taken to have watched always; it has no intervals, and is in --output json. \
            Times are UTC.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var window: WindowOptions
    @OptionGroup var known: KnownAtOptions

    @Option(help: ArgumentHelp("Only this source.", valueName: "source"))
    var source: String?

    @Option(help: "How many at most: a number, or all.")
    var limit = Limit.all

    func run() async throws {
        let query = window.query + known.query + [("source", source)]
        try await APIClient.with(api) { client in
            try await client.write(.coverage, "/v1/coverage", query, limit: limit, output)
        }
    }
}

extension Listing {
    /// Runs and gaps of each source.
    static let coverage = Listing(
        items: "intervals",
        columns: [
            Column("SOURCE", least: 10) { Table.Cell($0.text("source"), .bold) },
            Column("STATE") { Table.Cell($0.text("state"), $0.text("state") == "gap" ? .bad : .good) },
            Column("FROM") { Table.Cell($0.second("from"), .faint) },
            Column("UNTIL") { Table.Cell($0.second("until"), .faint) },
            Column("LASTED", right: true) { interval in
                guard let from = interval.moment("from"), let until = interval.moment("until") else { return "" }
                return Table.Cell(Span(microseconds: until.microseconds - from.microseconds).description)
            },
            Column("ENDED", dispensable: 1) { interval in
                guard interval.text("state") == "watching" else { return "" }
                return Table.Cell(interval.text("has_stopped") == "true" ? "stopped" : "last sign of life")
            },
        ],
        fields: [
            .member("source"), .member("state"), .member("from"), .member("until"), .member("has_stopped"),
            Field("lane") { $0.text("entry", "lane") }, Field("position") { $0.text("entry", "position") },
        ],
        none: "No source said when it was watching.")
}
