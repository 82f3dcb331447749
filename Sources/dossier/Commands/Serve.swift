import ArgumentParser
import EventLog
import Logging
import Schema

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer questions and take events on a PostgreSQL that is already there.",
        discussion: """
            Run 'dossier migrate --roles' on it first, and log in as the user that it makes. Any number may run beside \
            one another. Stops in order at SIGTERM and Ctrl-C; what was acknowledged is durable.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var listen: ListenOptions
    @OptionGroup var signing: SigningOptions
    @OptionGroup var listener: ListenerOptions
    @OptionGroup var logs: LogOptions

    func run() async throws {
        let configuration = try database.configuration()
        let logger = try logs.start(configuration, default: .info)
        let address = try listen.address(configuration)
        let certificate = try listener.certificate(configuration, Setting.serving, [address], logger)
        let admitting = try Admitting(configuration)
        let url = try database.url(configuration)
        let data = try database.data.directory(configuration)
        let log = try await Log.open(url: url, as: Role.service)
        // A PostgreSQL of our own has one user.
        if log.rights.isPowerful, try database.data.directory(configuration).running()?.databaseURL != url {
            let failure = Failure.powerful(log.rights.user)
            logger.warning("\(failure.message). \(failure.advice ?? "")")
        }
        let running = Running(
            databaseURL: url, address: address, log: log,
            signing: try signing.read(configuration, lanes: log.lanes, data: data, logger: logger),
            admitting: admitting, certificate: certificate, access: try Logs.access(configuration), logger: logger)
        try await running.run { api in
            try await Output.standard.write(Announcement(url: api, own: nil).text)
            await Systemd.notifyReady(configuration.environment)
        }
    }
}
