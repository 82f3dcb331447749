import EventLog
import Logging
public import ServiceLifecycle

/// The right of a gateway to record as its source, which one process at a time has: two would take each other's calls
/// under way for those of one that has died.
///
/// A lock in PostgreSQL, held by a connection of its own. While PostgreSQL is away nobody can tell who has it; what keeps
/// a second gateway from starting then is that the spool's directory belongs to one process.
public actor SourceClaim: Service {
    /// Who has the right.
    public enum State: String, Sendable, Hashable, CaseIterable {
        case held
        /// PostgreSQL is away: it is taken once it is back.
        case unknown
        /// Another process has it.
        case taken
    }

    /// How often it is looked whether the right is still held, or can be had.
    private static let look = Duration.seconds(5)
    /// How long a former process may still seem to have it: PostgreSQL notices within that time that it has gone.
    private static let handover = Duration.seconds(5)

    private let source: String
    private let url: String
    private let logger: Logger
    private var lock: SourceLock?
    public private(set) var state = State.unknown
    private var told = State.held

    init(source: String, url: String, logger: Logger) {
        self.source = source
        self.url = url
        self.logger = logger
    }

    /// Takes the right, where PostgreSQL answers; to be called before the first call is recorded.
    ///
    /// - Throws: `.sourceInUse` where another process has it, for some seconds.
    public func take() async throws(IngestError) {
        let deadline = ContinuousClock.now + Self.handover
        await tryToTake()
        while state == .taken {
            guard ContinuousClock.now < deadline, !Task.isCancelled else { throw .sourceInUse(source: source) }
            try? await Task.sleep(for: .milliseconds(200))
            await tryToTake()
        }
    }

    /// Holds the right, and takes it again where it was lost with a connection, until asked to end; then gives it back.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                await self.keep()
                try? await Task.sleep(for: Self.look)
            }
        }
        await lock?.release()
        lock = nil
    }

    private func keep() async {
        if let lock {
            let confirming = Task { () -> Bool in
                do throws(LogError) {
                    try await lock.confirm()
                    return true
                } catch {
                    return false
                }
            }
            guard await confirming.value(within: Recorder.patience) != true else { return }
            // Not waited for: its connection may still wait for an answer.
            Task { await lock.release() }
            self.lock = nil
        }
        guard !Task.isCancelled else { return }
        await tryToTake()
        tell()
    }

    private func tryToTake() async {
        let taking = Task { [source, url] () -> Result<SourceLock?, LogError> in
            do throws(LogError) {
                return .success(try await SourceLock.take(source, url: url))
            } catch {
                return .failure(error)
            }
        }
        switch await taking.value(within: Recorder.patience) {
        case .success(let taken?): (lock, state) = (taken, .held)
        case .success(nil): state = .taken
        case .failure: state = .unknown
        case nil:
            state = .unknown
            // It may still come, to nobody who wants it.
            Task { if case .success(let late?) = await taking.value { await late.release() } }
        }
    }

    /// Says once that somebody else has the right, and that it is held again.
    private func tell() {
        guard state != told, state != .unknown else { return }
        told = state
        if state == .taken {
            logger.critical(
                "another gateway records as this source: nobody can tell their calls apart; end one, and give each its own",
                metadata: ["source": "\(source)"])
        } else {
            logger.notice("this gateway alone records as its source", metadata: ["source": "\(source)"])
        }
    }

    /// In the text format of Prometheus.
    func metrics() -> String {
        var exposition = Exposition()
        exposition.add(
            "dossier_gateway_source", .gauge, "1 for who has the right to record as this gateway's source.",
            State.allCases.map { .init($0 == state ? 1 : 0, [("right", $0.rawValue)]) })
        return exposition.text
    }
}
