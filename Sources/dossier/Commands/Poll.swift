import ArgumentParser
import AsyncHTTPClient
import EventLog
import Ingest
import Logging
import ShareServers

struct Poll: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch the share servers of a Manila, and note every change in the log.",
        discussion: """
            Asks for the list again and again, and appends what changed, with the time between the two lists as its \
            uncertainty. Any number may run for the same cloud: one watches, the others stand by. Watches all clouds of \
            the configuration file, or those of OS_* variables or clouds.yaml, as OpenStack's client does. Stops in order at SIGTERM and Ctrl-C.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var clouds: CloudOptions
    @OptionGroup var logs: LogOptions
    @OptionGroup(title: "TLS") var listener: ListenerOptions

    @Option(help: ArgumentHelp("Seconds from one list to the next. (default: 10)", valueName: "seconds"))
    var interval: Int?

    @Option(
        help: ArgumentHelp(
            "Where /healthz, /readyz and /metrics are; port 0: any that is free.",
            discussion: "Default: DOSSIER_POLL_ADMIN, else poll.admin, else nowhere.", valueName: "host:port"))
    var admin: String?

    func run() async throws {
        let configuration = try database.configuration()
        let logger = try logs.start(configuration, default: .info)
        let admin = try configuration.address(.pollAdmin, given: admin)
        let certificate = try admin.flatMap {
            try listener.certificate(configuration, Setting.polling, [$0], logger)
        }
        let clouds = try self.clouds.read(configuration, .pollClouds)
        var sources: Set<String> = []
        for cloud in clouds where !sources.insert(cloud.pollerSource).inserted {
            throw Failure.sameSource(cloud)
        }
        // The command line counts more than what the file says of one cloud.
        let intervals = try clouds.map { cloud in
            try interval == nil ? cloud.interval() : nil
        }
        let usual = try configuration.number(.interval, given: interval) ?? 10
        let url = try database.url(configuration)
        let log = try await Log.open(url: url)
        do {
            try await CloudClients.with(clouds, redaction: Redaction(key: log.redactionKey)) { manilas in
                var pollers: [Poller] = []
                for (index, cloud) in clouds.enumerated() {
                    let seconds = intervals[index] ?? usual
                    pollers.append(
                        Poller(
                            source: cloud.pollerSource, manila: manilas[index], log: log, databaseURL: url,
                            pace: Pace(interval: .seconds(seconds)), logger: logger))
                    try await Output.standard.write(
                        "Polling \(cloud.name) every \(seconds) s, as \(cloud.pollerSource)\n".escapedLine)
                }
                await Systemd.notifyReady(configuration.environment)
                try await Polling(pollers: pollers, admin: admin, certificate: certificate, logger: logger).run()
            }
        } catch {
            await log.close()
            throw error
        }
        await log.close()
    }
}

/// Clients of some clouds.
enum CloudClients {
    /// Lends a client of each cloud's Manila, in their order, and closes all connections after.
    static func with<T: Sendable>(
        _ clouds: [Cloud], redaction: Redaction, _ body: ([Manila]) async throws -> T
    ) async throws -> T {
        var clients: [HTTPClient] = []
        let result: Result<T, any Error>
        do {
            var manilas: [Manila] = []
            for cloud in clouds {
                let http = try cloud.httpClient()
                clients.append(http)
                manilas.append(try cloud.manila(http: http, redaction: redaction))
            }
            result = .success(try await body(manilas))
        } catch {
            result = .failure(error)
        }
        for client in clients { try? await client.shutdown() }
        return try result.get()
    }
}
