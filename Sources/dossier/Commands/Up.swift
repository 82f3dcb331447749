import ArgumentParser
import EmbeddedPostgres
import EventLog
import Ingest
import Logging
import Schema
import ServiceLifecycle

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

struct Up: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Start a Dossier with a PostgreSQL of its own, in the foreground.",
        discussion: """
            Needs PostgreSQL's programs (Debian: the package postgresql), not a running server; as root they run as an \
            unprivileged user. Ctrl-C stops it all in order; what was acknowledged is durable.
            """)

    @OptionGroup var data: DataOptions
    @OptionGroup var listen: ListenOptions
    @OptionGroup var signing: SigningOptions
    @OptionGroup var listener: ListenerOptions
    @OptionGroup var logs: LogOptions

    @Flag(help: "Import the captured traffic of a real Manila, and say what to ask of it.")
    var sample = false

    func run() async throws {
        let configuration = try data.configuration.read()
        let logger = try logs.start(configuration)
        let address = try listen.address(configuration)
        let certificate = try listener.certificate(configuration, Setting.serving, [address], logger)
        let admitting = try Admitting(configuration)
        guard !sample || certificate == nil else {
            throw ValidationError("--sample is for trying, without TLS.")
        }
        let access = try Logs.access(configuration)
        let sample = sample ? try Sample.path() : nil
        let directory = try data.directory(configuration)
        try directory.make()
        let claim = try await directory.claim()
        defer { claim.release() }
        let postgres = try await start(directory, logger)
        do {
            let url = postgres.url()
            try await Migration.migrate(url: url)
            let log = try await Log.open(url: url)
            let running = Running(
                databaseURL: url, address: address, log: log,
                signing: try signing.read(configuration, lanes: log.lanes, data: directory, logger: logger),
                admitting: admitting, certificate: certificate, access: access, logger: logger)
            try await run(running, postgres, directory, sample)
        } catch {
            directory.withdraw()
            await postgres.stop()
            throw error
        }
        directory.withdraw()
        await postgres.stop()
    }

    /// Starts PostgreSQL; waits for one that a killed `up` left behind to end.
    private func start(_ directory: DataDirectory, _ logger: Logger) async throws -> EmbeddedPostgres {
        let deadline = ContinuousClock.now + .seconds(20)
        while true {
            do {
                return try await EmbeddedPostgres.start(directory: directory.cluster)
            } catch {
                guard case .inUse = error, ContinuousClock.now < deadline else { throw error }
                logger.info("waiting for the former PostgreSQL to end")
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }

    private func run(
        _ running: Running, _ postgres: EmbeddedPostgres, _ directory: DataDirectory, _ sample: String?
    ) async throws {
        let (url, log) = (running.databaseURL, running.log)
        try await running.run(watching: postgres.processID) { api in
            try directory.announce(.init(process: getpid(), url: api, databaseURL: url))
            let announcement = Announcement(url: api, own: (directory.path, url))
            try await Output.standard.write(announcement.text)
            guard let sample else { return }
            try await Output.standard.write(try await Sample.bring(sample, into: log) + "\n")
            let commands: [String]
            do {
                commands = try await APIClient.with(url: api) { client in
                    try await client.waitUntilLevel()
                    return Sample.commands(try await Sample.candidates(client), program: announcement.prefix)
                }
            } catch APIError.refused(401, _, _) {
                // There are tokens: whoever has one knows what to ask.
                return
            }
            try await Output.standard.write(
                "\nTry, in another terminal:\n" + commands.map { "    \($0)\n" }.joined())
        }
    }
}

extension APIClient {
    /// Returns when the projections have applied all that is in the log.
    func waitUntilLevel() async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            let answer = try await get("/v1/servers", [("limit", "1")])
            if answer.integer("as_of", "lag_positions") == 0 { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Failure("the projections do not keep up", advice: "The log on standard error says why.")
    }
}
