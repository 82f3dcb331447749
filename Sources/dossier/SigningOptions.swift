import ArgumentParser
import AsyncHTTPClient
import EventLog
import Logging
import NIOCore
import Service
import TransparencyLog

/// Who signs for the log, where checkpoints are kept beside the database, and who cosigns them.
struct SigningOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Sign checkpoints of the log with the key of this file; twice while keys change.",
            discussion: "Made by 'dossier keys generate'. Default: DOSSIER_SIGNING_KEY, separated by blanks.",
            valueName: "file"),
        completion: .file())
    var signingKey: [String] = []

    @Option(
        help: ArgumentHelp(
            "The name that the log signs by: refuse keys of another.", discussion: "Default: DOSSIER_ORIGIN.",
            valueName: "name"))
    var origin: String?

    @Option(
        help: ArgumentHelp(
            "Where checkpoints are appended outside the database.",
            discussion: "Default: DOSSIER_CHECKPOINT_FILE, else 'checkpoints' in the data directory.",
            valueName: "file"),
        completion: .file())
    var checkpointFile: String?

    @Option(
        help: ArgumentHelp(
            "Seconds from one checkpoint to the next, where anything is appended. (default: 60)",
            discussion: "Default: DOSSIER_CHECKPOINT_INTERVAL.", valueName: "seconds"))
    var checkpointInterval: Int?

    @Option(
        help: ArgumentHelp(
            "Have this witness cosign every checkpoint; may be given several times.",
            discussion: "Its URL, a '+' and its verifier key. Default: DOSSIER_WITNESS, separated by blanks.",
            valueName: "URL+key"))
    var witness: [String] = []

    /// Nil where nothing is to be signed.
    func read(
        _ configuration: Configuration, lanes: Int16, data: DataDirectory, logger: Logger
    ) throws -> Signing? {
        guard let paths = try configuration.value(.signingKeys, given: signingKey)?.texts else { return nil }
        let keys = try paths.map(KeyFile.read)
        let name = try configuration.text(.origin, given: origin) ?? keys[0].name
        for (path, key) in zip(paths, keys) where key.name != name || key.type != .ed25519 {
            throw Failure(
                "the key of \(path) signs as '\(key.name)', and the log is '\(name)'",
                advice: "Give the key of this log, or make one by its name: dossier keys generate --origin.",
                status: .usage)
        }
        let witnesses = try (configuration.value(.witnesses, given: witness)?.texts ?? []).map { text in
            guard let witness = Witness(text) else {
                throw Failure(
                    "'\(text)' is no witness", advice: "Give its URL, a '+' and the verifier key of a cosigner.",
                    status: .usage)
            }
            return witness
        }
        let interval = try configuration.number(.checkpointInterval, given: checkpointInterval) ?? 60
        return Signing(
            signer: Signer(keys: keys, lanes: lanes),
            file: try file(configuration.text(.checkpointFile, given: checkpointFile), data, logger),
            interval: .seconds(interval), witnesses: witnesses)
    }

    private func file(_ given: String?, _ data: DataDirectory, _ logger: Logger) throws -> CheckpointFile {
        let path: String
        if let given {
            path = given
        } else {
            try data.make()
            path = data.path + "/checkpoints"
        }
        return CheckpointFile(path: path) { bytes in
            logger.warning(
                "\(path) ends in \(bytes) bytes of a checkpoint that was never whole; they count for nothing")
        }
    }
}

/// What it takes to sign for a log.
struct Signing: Sendable {
    let signer: Signer
    let file: CheckpointFile
    let interval: Duration
    let witnesses: [Witness]

    func checkpointing(url: String, lanes: Int16, http: HTTPClient, logger: Logger) -> Checkpointing {
        Checkpointing(
            url: url, signer: signer, lanes: lanes, file: file, interval: interval, witnesses: witnesses, http: http,
            logger: logger)
    }

    /// For asking witnesses.
    static func httpClient() -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.timeout.connect = .seconds(5)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }
}
