import ArgumentParser
import AsyncHTTPClient
import EventLog
import Service
import TransparencyLog

struct CheckpointCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Sign a checkpoint of every lane now, and print it.",
        discussion: """
            The last checkpoints, that of the database and that of the file, are held against the log first: where it is \
            not what was signed, nothing is signed, and the exit status is 2. What is printed can be kept anywhere, and \
            checked without Dossier.
            """)

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var signing: SigningOptions

    func run() async throws {
        let configuration = try database.configuration()
        let logger = try Logs.start(configuration)
        let url = try database.url(configuration)
        let log = try await Log.open(url: url)
        await log.close()
        let data = try database.data.directory(configuration)
        guard let signing = try signing.read(configuration, lanes: log.lanes, data: data, logger: logger) else {
            throw Failure(
                "nothing says which key to sign with",
                advice: "Give --signing-key or DOSSIER_SIGNING_KEY; 'dossier keys generate' makes one.", status: .usage)
        }
        let http = Signing.httpClient()
        let checkpointing = signing.checkpointing(url: url, lanes: log.lanes, http: http, logger: logger)
        let checkpoints: Result<[KeptCheckpoint], LogError>
        do throws(LogError) {
            checkpoints = .success(try await checkpointing.sign())
        } catch {
            checkpoints = .failure(error)
        }
        await checkpointing.close()
        try await http.shutdown()
        try await Output.standard.write(checkpoints.get().map(\.note.description).joined(separator: "\n"))
    }
}
