import ArgumentParser
import AsyncHTTPClient
import EventLog
import Ingest
import Logging
import ServiceLifecycle
import ShareServers
import UnixSignals

struct Poll: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Watch the share servers of a Manila, and note every change in the log.",
        discussion: """
            Asks for the list again and again, and appends what changed, with the time between the two lists as its \
            uncertainty. Any number may run for the same cloud: one watches, the others stand by. Reads its settings from \
            OS_* variables or clouds.json, as OpenStack's client does. Stops in order at SIGTERM and Ctrl-C.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var clouds: CloudOptions

    @Option(help: ArgumentHelp("Seconds from one list to the next.", valueName: "seconds"))
    var interval = 10

    func validate() throws {
        guard (1...3600).contains(interval) else { throw ValidationError("--interval is from 1 to 3600 seconds.") }
    }

    func run() async throws {
        let logger = try Logs.start(default: .info)
        let clouds = try self.clouds.read()
        let url = try database.url()
        let log = try await Log.open(url: url)
        do {
            try await CloudClients.with(clouds, redaction: Redaction(key: log.redactionKey)) { manilas in
                try await poll(clouds, manilas, log: log, url: url, logger: logger)
            }
        } catch {
            await log.close()
            throw error
        }
        await log.close()
    }

    private func poll(_ clouds: [Cloud], _ manilas: [Manila], log: Log, url: String, logger: Logger) async throws {
        let pace = Pace(interval: .seconds(interval))
        var services: [any Service] = []
        for (cloud, manila) in zip(clouds, manilas) {
            let poller = Poller(
                source: cloud.pollerSource, manila: manila, log: log, databaseURL: url, pace: pace, logger: logger)
            services.append(poller)
            try await Output.standard.write(
                "Polling \(cloud.name) every \(interval) s, as \(cloud.pollerSource)\n".escapedLine)
        }
        var configuration = ServiceGroupConfiguration(
            services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        configuration.maximumGracefulShutdownDuration = .seconds(8)
        try await ServiceGroup(configuration: configuration).run()
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
