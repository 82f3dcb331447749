import ArgumentParser
import EventLog
import Logging

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer questions and take events on a PostgreSQL that is already there.",
        discussion: """
            Run 'dossier migrate' on it first. Any number may run beside one another. Stops in order at SIGTERM and \
            Ctrl-C; what was acknowledged is durable.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var listen: ListenOptions
    @OptionGroup var signing: SigningOptions

    func run() async throws {
        let logger = try Logs.start(default: .info)
        let address = try listen.address()
        let url = try database.url()
        let log = try await Log.open(url: url)
        let running = Running(
            databaseURL: url, address: address, log: log,
            signing: try signing.read(lanes: log.lanes, data: database.data, logger: logger), logger: logger)
        try await running.run { api in
            try await Output.standard.write(Announcement(url: api, own: nil).text)
        }
    }
}
