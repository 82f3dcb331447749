public import AsyncHTTPClient
public import EventLog
public import Logging
import Postgres
import Schema
public import ServiceLifecycle
import TransparencyLog

/// Signs checkpoints of every lane, again and again, and has witnesses cosign them.
///
/// On connections of its own, never on the way of an append. Any number of processes may do it for one log: each
/// checkpoint is made by one of them. A lane that is not what was signed of it is signed for no more, and the service goes
/// on answering; a witness that is away holds nothing up.
public struct Checkpointing: Service {
    /// For signing and for witnesses alone; connects when it is first used.
    private let pool: Pool
    private let signer: Signer
    private let lanes: [Lane]
    private let file: CheckpointFile?
    private let interval: Duration
    private let witnesses: [Witness]
    private let http: HTTPClient
    private let logger: Logger
    /// What the service says of it.
    public let state = CheckpointState()

    /// How long another process that signs is waited for, where a checkpoint is asked for.
    private static let patience = Duration.seconds(20)
    /// The longest time between two attempts to reach a witness that is away.
    private static let longestPause = Duration.seconds(300)

    /// - Parameters:
    ///   - url: A connection as a member of `dossier_writer`.
    ///   - file: Where checkpoints are kept outside the database.
    ///   - interval: The least time from one checkpoint of a lane to the next; none is made while nothing is appended.
    ///   - http: Whoever made it shuts it down.
    public init(
        url: String, signer: Signer, lanes: Int16, file: CheckpointFile?, interval: Duration, witnesses: [Witness],
        http: HTTPClient, logger: Logger
    ) {
        pool = Pool(
            url: url, limit: 2, wait: .seconds(30),
            setup: [
                Role.writer.setup, "SET statement_timeout = '30s'",
                "SET application_name = 'dossier checkpoints'",
            ])
        self.signer = signer
        self.lanes = (0..<lanes).map { Lane($0) }
        self.file = file
        self.interval = interval
        self.witnesses = witnesses
        self.http = http
        self.logger = logger
    }

    /// Runs until the task is cancelled or a graceful shutdown begins; then disconnects.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !Task.isCancelled {
                        await signDue()
                        try? await Task.sleep(for: interval)
                    }
                }
                for witness in witnesses { group.addTask { await attend(to: witness) } }
            }
        }
        await pool.close()
    }

    /// Disconnects; for whoever did not run it.
    public func close() async { await pool.close() }

    // MARK: - Signing

    /// Checks every lane, and signs for those of which a checkpoint is due.
    func signDue() async {
        for lane in lanes where !Task.isCancelled {
            do {
                _ = try await sign(lane) { newest, size in
                    // A tick that comes a little early is not put off by a whole interval.
                    guard let newest, newest.size < size else { return true }
                    // One of the future was made before a clock was set back.
                    return newest.madeAt.advanced(by: interval * 0.9) <= .now || newest.madeAt > .now
                }
                if state.set(nil, of: lane) { logger.notice("lane \(lane) is signed for again") }
            } catch {
                switch error {
                case .cancelled: return
                case .contradicted, .file, .damaged:
                    if state.set("\(error)", of: lane) { logger.error("no checkpoint is signed: \(error)") }
                default: logger.warning("no checkpoint of lane \(lane) this time: \(error)")
                }
            }
        }
    }

    /// Signs for every lane now, and asks each witness once.
    ///
    /// - Returns: The newest checkpoint of each lane.
    /// - Throws: `.contradicted`, `.damaged`, `.file` where a lane is not signed for; `.busy` where another process signs
    ///   for too long; `.unavailable`, `.refused`, `.cancelled`.
    public func sign() async throws(LogError) -> [KeptCheckpoint] {
        let deadline = ContinuousClock.now + Self.patience
        for lane in lanes {
            while try await sign(lane, isWanted: { _, _ in true }) == nil {
                guard ContinuousClock.now < deadline else { throw .busy }
                do { try await Task.sleep(for: .milliseconds(50)) } catch { throw .cancelled }
            }
        }
        for witness in witnesses {
            do {
                try await ask(witness)
            } catch {
                logger.warning("the witness \(witness.key.name) did not cosign: \(error)")
            }
        }
        return try await connected { connection in
            try lanes.compactMap { try KeptCheckpoint.newest(of: $0, on: connection) }
        }
    }

    private func sign(
        _ lane: Lane, isWanted: @Sendable (KeptCheckpoint?, Int64) -> Bool
    ) async throws(LogError) -> KeptCheckpoint? {
        try await connected { connection in
            // The file is written here too: the connection's thread may block.
            try signer.sign(lane, file: file, on: connection, isWanted: isWanted)
        }
    }

    private func connected<Output: Sendable>(
        _ body: @Sendable (isolated Connection) throws -> Output
    ) async throws(LogError) -> Output {
        do {
            return try await pool.transaction { try body($0) }
        } catch {
            throw LogError(error)
        }
    }

    // MARK: - Witnesses

    /// Asks a witness whenever it has not cosigned the newest checkpoint; less and less often while it is away.
    private func attend(to witness: Witness) async {
        var pause = interval
        while !Task.isCancelled {
            do {
                try await ask(witness)
                pause = interval
                if state.set(nil, ofWitness: witness.key.name) {
                    logger.notice("the witness \(witness.key.name) cosigns again")
                }
            } catch {
                guard !Task.isCancelled else { return }
                let reason = "\(error)"
                if state.set(reason, ofWitness: witness.key.name) {
                    logger.warning("the witness \(witness.key.name) did not cosign: \(reason)")
                }
                pause = min(pause * 2, max(Self.longestPause, interval))
            }
            try? await Task.sleep(for: pause)
        }
    }

    /// Has a witness cosign the newest checkpoint of every lane, where it has not.
    private func ask(_ witness: Witness) async throws {
        for lane in lanes {
            let (newest, seen) = try await connected { connection in
                (
                    try KeptCheckpoint.newest(of: lane, on: connection),
                    try KeptCheckpoint.size(signedBy: witness.key, lane: lane, on: connection)
                )
            }
            guard let newest, seen != newest.size else { continue }
            let signatures = try await witness.cosign(newest.note, seen: UInt64(seen ?? 0), http: http) { from in
                try await connected { connection in
                    try KeptTree(lane: lane).consistency(from: Int64(from), to: newest.size, on: connection)
                }
            }
            try await connected { connection in
                try KeptCheckpoint.append(signatures, lane: lane, size: newest.size, on: connection)
            }
        }
    }
}
