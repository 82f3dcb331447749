import EventLog
public import Logging
import Postgres
public import ServiceLifecycle
public import ShareServers

/// Makes events durable whether PostgreSQL answers or not: in the log, or while it is away in a spool on disk that is
/// drained into the log in order once it is back.
///
/// Every source of a process hands its events to one recorder. Drains while `run` runs.
public actor Recorder: Service {
    /// The most that waits on disk, and what is left free there.
    public struct Limits: Sendable, Hashable {
        /// What all files of the spool take together before new events are refused.
        public var bytes: Int
        /// Bytes that are left free on the disk; nil: a twentieth of it, at most 1 GiB.
        public var reserve: Int?
        /// A file that is larger is followed by another, and removed once it is drained.
        var segmentBytes = 16 << 20

        /// Beyond `bytes`, for what became of calls that had been let through.
        static let owedBytes = 128 << 20

        public init(bytes: Int = 1 << 30, reserve: Int? = nil) {
            self.bytes = bytes
            self.reserve = reserve
        }
    }

    /// How long the log may take for what it appends at once, and for connecting, before it counts as away.
    static let patience = Duration.seconds(3)
    /// How long the first start waits for it: without the log's key nothing can be recorded, so there is nothing to gain
    /// by giving up early. Below the 90 s that systemd lets a service take to start.
    private static let firstPatience = Duration.seconds(30)
    /// What waits to be spooled at most; whoever comes then waits for room.
    private static let queuedBytes = 32 << 20
    /// The most of one batch.
    private static let batchEntries = 2_000

    /// Takes out the secrets of everything that is recorded; the log's own.
    public nonisolated let redaction: Redaction
    nonisolated let key: [UInt8]
    nonisolated let url: String
    nonisolated let spool: Spool
    let logger: Logger

    /// Nil until PostgreSQL has answered once.
    var log: Log?
    /// Whether events go to the spool: the log is away, or what waits there goes first.
    var isSpooling: Bool
    /// Counts what is written to the spool, begun and ended: who finds the spool empty must know that nothing came since.
    var spoolWrites = 0
    var state = State()
    private var isClosed = false

    struct Queued {
        let piece: Spool.Piece
        let bytes: Int
        let done: CheckedContinuation<Result<Void, IngestError>, Never>
    }
    /// What goes to the spool next.
    private(set) var queue: [Queued] = []
    private var queuedBytes = 0
    private var worker: Task<Void, Never>?
    /// How many of those who append wait for the log, and who waits for them.
    private var waitingForLog = 0
    private var waitingForNone: [CheckedContinuation<Void, Never>] = []
    private var waitingForRoom: [CheckedContinuation<Void, Never>] = []
    let spooled: AsyncStream<Void>
    private let spooling: AsyncStream<Void>.Continuation

    private init(url: String, key: [UInt8], spool: Spool, log: Log?, isSpooling: Bool, logger: Logger) {
        (self.url, self.key, self.spool, self.log) = (url, key, spool, log)
        self.isSpooling = isSpooling
        self.logger = logger
        redaction = Redaction(key: key)
        (spooled, spooling) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        if isSpooling { spooling.yield() }
    }

    /// Opens the spool, and the log where PostgreSQL answers.
    ///
    /// The log's key for hiding secrets is kept in the spool, readable by its owner alone, so that a recorder can be
    /// opened while PostgreSQL is away.
    ///
    /// - Parameters:
    ///   - url: As `Log.open` takes it.
    ///   - spool: A directory, which is made where there is none; one for each process.
    /// - Throws: `.log` where there is no log or it must not be appended to; `.noKey`; `.otherLog`; `.spoolInUse`;
    ///   `.spoolUnusable`.
    public static func open(
        url: String, spool directory: String, limits: Limits = Limits(), logger: Logger
    ) async throws(IngestError) -> Recorder {
        let spool = Spool(directory: directory, limits: limits, logger: logger)
        try await spool.open()
        do throws(IngestError) {
            let kept = try await spool.key()
            var log: Log?
            var away = "it does not answer"
            do throws(LogError) {
                log = try await openLog(url, within: kept == nil ? firstPatience : patience)
            } catch {
                guard case .unavailable(let reason) = error else { throw .log(error) }
                away = "\(reason)"
            }
            if let log, let kept, kept != log.redactionKey {
                guard await spool.events == 0 else { throw .otherLog(directory: directory) }
            }
            guard let key = log?.redactionKey ?? kept else { throw .noKey(directory: directory, reason: away) }
            if key != kept { try await spool.keep(key: key) }
            let waiting = await spool.events
            let isSpooling = waiting > 0 || log == nil
            if isSpooling {
                logger.notice(
                    "\(log == nil ? "the database is away, events go to" : "events of before wait in") the spool",
                    metadata: ["spool": "\(directory)", "events": "\(waiting)"])
            }
            let recorder = Recorder(
                url: url, key: key, spool: spool, log: log, isSpooling: isSpooling, logger: logger)
            await recorder.noteSpool(reason: log == nil ? away : nil)
            return recorder
        } catch {
            await spool.close()
            throw error
        }
    }

    /// - Throws: `.unavailable` as well where PostgreSQL takes longer than `patience`.
    static func openLog(_ url: String, within patience: Duration = patience) async throws(LogError) -> Log {
        let opening = Task { () -> Result<Log, LogError> in
            do throws(LogError) {
                return .success(
                    try await Log.open(url: url, patience: .milliseconds(500), stall: Self.patience))
            } catch {
                return .failure(error)
            }
        }
        guard let result = await opening.value(within: patience) else {
            Task { if case .success(let log) = await opening.value { await log.close() } }
            throw .unavailable(.unavailable(reason: "it has not answered within \(patience)"))
        }
        return try result.get()
    }

    // MARK: Appending

    /// Makes `events` durable, all or none, in the log or in the spool, behind what was appended before.
    ///
    /// Equal events are kept once, as by `Log.append`. What goes to the log is not one transaction: where the call
    /// throws, some of it may be there; appending it again is safe.
    ///
    /// - Parameters:
    ///   - events: Of at most some megabytes.
    ///   - isOwed: Whether they tell of something that has been let happen: they may use room that others may not.
    /// - Throws: `.full` where the log is away and the spool takes no more: refuse what was to be recorded;
    ///   `.spoolUnusable`, `.closed`.
    public func append(_ events: [Event], isOwed: Bool = false) async throws(IngestError) {
        guard !events.isEmpty else { return }
        let bytes = events.reduce(0) { $0 + $1.canonical.count }
        while true {
            guard !isClosed else { throw .closed }
            if let log = direct {
                if await append(events, to: log) { return }
                // It had been taken: it does not wait for room once more.
                break
            }
            guard !queue.isEmpty, queuedBytes + bytes > Self.queuedBytes else { break }
            await withCheckedContinuation { waitingForRoom.append($0) }
        }
        let result = await withCheckedContinuation { done in
            queue.append(Queued(piece: .init(events: events, isOwed: isOwed), bytes: bytes, done: done))
            queuedBytes += bytes
            // Not the caller's task: a batch holds the events of many callers, and must not be cancelled with one.
            if worker == nil { worker = Task { await self.spoolQueued() } }
        }
        try result.get()
    }

    /// Whether something new would be taken, about as large as a call with what is told of it.
    public func hasRoom() async -> Bool {
        guard !isClosed else { return false }
        return isSpooling ? await spool.hasRoom(for: 2 * Event.maximumBytes) : true
    }

    /// Takes no more, makes durable what was taken, and disconnects. What waits in the spool stays there.
    public func close() async {
        isClosed = true
        if waitingForLog > 0 { await withCheckedContinuation { waitingForNone.append($0) } }
        wakeWaiting()
        await worker?.value
        spooling.finish()
        await spool.close()
        if let log { _ = await Task { await log.close() }.value(within: Self.patience) }
    }

    /// Appends to the log, which makes one batch of what many bring at once.
    ///
    /// - Returns: Whether the log has taken them. Where it has not, what comes goes to the spool from now on.
    private func append(_ events: [Event], to log: Log) async -> Bool {
        waitingForLog += 1
        defer {
            waitingForLog -= 1
            if waitingForLog == 0 {
                for waiting in waitingForNone { waiting.resume() }
                waitingForNone = []
            }
        }
        do throws(LogError) {
            noteLogged(try await log.append(events))
            return true
        } catch {
            beginSpooling("\(error)")
            return false
        }
    }

    private func wakeWaiting() {
        let waiting = waitingForRoom
        waitingForRoom = []
        for continuation in waiting { continuation.resume() }
    }

    /// Whatever has queued while the disk synced the last batch is the next.
    private func spoolQueued() async {
        while !queue.isEmpty {
            var entries = 0
            let count =
                queue.firstIndex { queued in
                    entries += queued.piece.events.count
                    return entries > Self.batchEntries
                } ?? queue.count
            let batch = Array(queue.prefix(max(1, count)))
            queue.removeFirst(batch.count)
            queuedBytes -= batch.reduce(0) { $0 + $1.bytes }
            wakeWaiting()
            let results = await spool(batch.map(\.piece))
            for (queued, result) in zip(batch, results) { queued.done.resume(returning: result) }
        }
        worker = nil
    }

    private func spool(_ pieces: [Spool.Piece]) async -> [Result<Void, IngestError>] {
        spoolWrites += 1
        defer { spoolWrites += 1 }
        let results: [Result<Void, IngestError>]
        do throws(IngestError) {
            let taken = try await spool.append(pieces)
            results = zip(pieces, taken).map { piece, isTaken in
                state.refused += isTaken ? 0 : piece.events.count
                state.spooled += isTaken ? piece.events.count : 0
                return isTaken ? .success(()) : .failure(.full(directory: spool.directory))
            }
        } catch {
            logger.error("\(error)")
            state.refused += pieces.reduce(0) { $0 + $1.events.count }
            results = pieces.map { _ in .failure(error) }
        }
        await noteSpool(reason: nil)
        spooling.yield()
        return results
    }

    private func beginSpooling(_ reason: String) {
        // Of those who waited for one batch the first has told.
        guard !isSpooling else { return }
        isSpooling = true
        state.reason = reason
        logger.warning("the database is away, events go to the spool", metadata: ["reason": "\(reason)"])
    }
}
