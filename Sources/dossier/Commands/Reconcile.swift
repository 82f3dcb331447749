import ArgumentParser
import EventLog
import FoundationEssentials
import Ingest
import Logging
import Postgres
import Projections
import Queries
import ShareServers

struct Reconcile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Hold the log's servers against those that Manila lists now; exit 1 where they are not level.",
        discussion: """
            A server that no list has is asked for; it is gone where Manila says that it does not know it. What differs is \
            looked at twice, some seconds apart, and recorded as seen by /reconcile/<cloud>. Where the log has servers of \
            several clouds, name them all, or say with --source which servers are meant. Times are UTC.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var clouds: CloudOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var logs: LogOptions

    @Option(
        name: .customLong("source"),
        help: ArgumentHelp(
            "Only servers of the log that this source told of; may be given several times.", valueName: "source"))
    var sources: [String] = []

    @Flag(help: "Report, and record nothing.")
    var dryRun = false

    func run() async throws {
        let configuration = try database.configuration()
        let logger = try logs.start(configuration)
        let clouds = try self.clouds.read(configuration, .reconcileClouds)
        let sources = try configuration.value(.reconcileSources, given: sources)?.texts
        let url = try database.url(configuration)
        let log = try await Log.open(url: url)
        let found: Result<Reconciliation, any Error>
        do {
            let redaction = Redaction(key: log.redactionKey)
            try await Self.catchUp(url: url, logger: logger)
            let reconciliation = try await CloudClients.with(clouds, redaction: redaction) { manilas in
                try await Reconciliation.run(
                    zip(clouds, manilas).map { .init(source: $0.reconcileSource, manila: $1) }, log: log,
                    scope: sources)
            }
            if !dryRun { _ = try await log.append(reconciliation.events) }
            found = .success(reconciliation)
        } catch {
            found = .failure(error)
        }
        await log.close()
        try await write(found.get())
        if try !found.get().isLevel { throw ExitCode(.failed) }
    }

    /// The longest that the projections may take to be level with the log.
    private static let patience = Duration.seconds(60)

    /// What the log has is asked of the projections: brings them level with it, whoever else does.
    private static func catchUp(url: String, logger: Logger) async throws {
        let pool = try Pool.reading(url: url)
        let level: Result<Bool, any Error>
        do {
            level = .success(
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    group.addTask {
                        try await ProjectionRunner(url: url, logger: logger).run()
                        return false
                    }
                    group.addTask {
                        let names = Projection.all.map(\.name)
                        while true {
                            let lanes = try await pool.fetchAll(Queries.Projections.fetchProgress(projections: names))
                            if lanes.allSatisfy({ $0.position >= $0.size }) { return true }
                            try await Task.sleep(for: .milliseconds(50))
                        }
                    }
                    group.addTask {
                        try await Task.sleep(for: patience)
                        return false
                    }
                    defer { group.cancelAll() }
                    return try await group.next() ?? false
                })
        } catch {
            level = .failure(error)
        }
        await pool.close()
        guard try level.get() else {
            throw Failure(
                "the projections are not level with the log, and do not get there within \(patience)",
                advice: "Let 'dossier serve' catch up, and try again.")
        }
    }

    private func write(_ found: Reconciliation) async throws {
        let items = found.differences.map(\.json)
        let page: JSON = [
            "differences": .array(items), "level": .bool(found.isLevel), "listed": .number(Double(found.listed)),
            "in_log": .number(Double(found.known)), "recorded": .bool(!dryRun),
            "unresolved": .array(found.unresolved.map { .string($0.uuidString.lowercased()) }),
        ]
        var writer = ListingWriter(
            .reconciliation, format: output.output, width: Terminal.standardOutput.width,
            coloured: output.isColoured)
        try await Output.standard.write(writer.text(of: page, items, isLast: true))
        guard output.output == .table else { return }
        if found.isLevel {
            try await Output.standard.write("Level: \(found.listed) servers in Manila, as in the log.\n")
        }
        for server in found.unresolved {
            try await Output.diagnostics.write(
                "\(server.uuidString.lowercased()): no list has it, and Manila does not say what became of it\n")
        }
    }
}

extension Reconciliation.Difference {
    fileprivate var json: JSON {
        [
            "server_id": .string(server.uuidString.lowercased()), "source": .string(source),
            "kind": .string(kind.rawValue),
            "log_told_at": toldAt.map { .string($0.description) } ?? .null, "seen_at": .string(seenAt.description),
            "members": .array(
                members.map { member in
                    ["name": .string(member.name), "log": member.log ?? .null, "manila": member.manila ?? .null]
                }),
        ]
    }
}

extension Listing {
    /// One row a member that differs.
    static let reconciliation = Listing(
        items: "differences",
        columns: [
            Column("SERVER", least: 8) { Table.Cell($0.text("server_id"), .bold) },
            Column("DIFFERENCE") { Table.Cell($0.text("kind")?.replacing("_", with: " "), .bad) },
            Column("WHAT", least: 8) { Table.Cell($0.text("name")) },
            Column("LOG", least: 8) { Table.Cell($0.text("log") ?? "-") },
            Column("MANILA", least: 8) { Table.Cell($0.text("manila") ?? "-") },
            Column("LOG TOLD", dispensable: 2) { Table.Cell($0.second("log_told_at"), .faint) },
            Column("SEEN", dispensable: 1) { Table.Cell($0.second("seen_at"), .faint) },
        ],
        fields: [
            .member("server_id"), .member("source"), .member("kind"), .member("name"), .member("log"),
            .member("manila"),
            .member("log_told_at"), .member("seen_at"),
        ],
        none: "",
        rows: { difference in difference.elements("members").map { difference.adding($0.members) } })
}

extension JSON {
    fileprivate var members: [String: JSON] { object ?? [:] }
}
