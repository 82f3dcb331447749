import ArgumentParser
import Postgres
import ShareServers

struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List what the log holds, in its order, by server, actor, request, status and more.",
        discussion: "Times are UTC. JSON gives each entry with its whole event and its leaf hash.")

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var known: KnownAtOptions

    @Option(help: ArgumentHelp("Only events of this server.", valueName: "id"))
    var server: String?

    @Option(help: "Only this type: call, status, backend_details, coverage, or a full name.")
    var type: String?

    @Option(help: "Only calls of this operation, such as delete or migration_start.")
    var operation: String?

    @Option(help: "Only sightings of this status.")
    var status: String?

    @Option(help: ArgumentHelp("Only calls by this user.", valueName: "user id"))
    var actor: String?

    @Option(help: ArgumentHelp("Only the call with this request id.", valueName: "request id"))
    var request: String?

    @Option(help: ArgumentHelp("Only this project.", valueName: "id"))
    var project: String?

    @Option(help: "Only this host.")
    var host: String?

    @Option(help: "Only calls so answered: a number, or 2xx, 4xx, 5xx.")
    var httpStatus: String?

    @Option(
        help: ArgumentHelp("Only what happened from this moment on.", valueName: "time"), transform: TimeArgument.parse)
    var from: Timestamp?

    @Option(
        help: ArgumentHelp("Only what happened before this moment.", valueName: "time"), transform: TimeArgument.parse)
    var until: Timestamp?

    @Option(help: "Only this lane.")
    var lane: Int16?

    @Option(help: "How many at most: a number, or all.")
    var limit = Limit(count: 100)

    func run() async throws {
        let query: [(name: String, value: String?)] =
            [
                ("server_id", server), ("type", type), ("operation", operation), ("status", status), ("actor", actor),
                ("request_id", request), ("project_id", project), ("host", host), ("http_status", httpStatus),
                ("from", from?.description), ("until", until?.description), ("lane", lane?.description),
            ] + known.query
        try await APIClient.with(api) { client in
            try await client.write(.events, "/v1/events", query, limit: limit, output)
        }
    }
}

extension Listing {
    /// Entries of the log.
    static let events = Listing(
        items: "events",
        columns: [
            Column("ENTRY", right: true) { Table.Cell(position(of: $0), .faint) },
            Column("TIME") { Table.Cell($0.moment("event", "time")?.toMillisecond, .faint) },
            Column("TYPE", least: 6, dispensable: 3) { Table.Cell($0.member("event")?.shortType) },
            Column("SERVER", least: 8) { Table.Cell($0.text("event", "subject"), .bold) },
            Column("WHAT", least: 12) { entry in
                let data = data(of: entry)
                return Table.Cell(data.text("operation") ?? data.text("status") ?? data.text("state"))
            },
            Column("BY", least: 6, dispensable: 1) { Table.Cell(data(of: $0).actor) },
            Column("HTTP", right: true) { entry in
                let status = data(of: entry).integer("http_status")
                return Table.Cell(status?.description, (status ?? 0) >= 400 ? .bad : .good)
            },
            Column("FAULT", least: 8, dispensable: 2) { Table.Cell(data(of: $0).faultMessage, .bad) },
        ],
        fields: [
            .member("lane"), .member("position"), .member("recorded"), .member("leaf_hash"),
            Field("time") { $0.text("event", "time") }, Field("id") { $0.text("event", "id") },
            Field("source") { $0.text("event", "source") }, Field("type") { $0.text("event", "type") },
            Field("server_id") { $0.text("event", "subject") }, Field("operation") { data(of: $0).text("operation") },
            Field("status") { data(of: $0).text("status") }, Field("actor") { data(of: $0).actor },
            Field("http_status") { data(of: $0).text("http_status") },
            Field("request_id") { data(of: $0).text("request_id") }, Field("fault") { data(of: $0).faultMessage },
        ],
        none: "The log holds no such event.")

    private static func data(of entry: JSON) -> JSON { entry.member("event", "data") ?? .null }

    private static func position(of entry: JSON) -> String? {
        guard let lane = entry.text("lane"), let position = entry.text("position") else { return nil }
        return "\(lane)/\(position)"
    }
}
