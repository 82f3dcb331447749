import Postgres
import Queries
import Schema
import ShareServers

/// Appends to one lane: whatever has queued while the last commit was in flight is the next batch.
actor LaneWriter {
    /// Limits of a batch and of what may wait for one.
    ///
    /// Source: design ("at most 10,000 entries or 16 MiB"); the queue holds four batches, so that the next is always
    /// ready and memory stays bounded.
    static let batchEntries = 10_000
    static let batchBytes = 16 << 20
    static let queueEntries = 4 * batchEntries
    static let queueBytes = 4 * batchBytes
    /// The largest part of a submission that is queued as one.
    static let pieceEntries = 2_000

    struct Piece: Sendable {
        let events: [Candidate]
        let bytes: Int
        let promise: Promise<[Receipt]>
    }

    let lane: Lane
    private let url: String
    private let patience: Duration
    private let partitionEntries: Int64
    private let stall: Duration

    private var queue: [Piece] = []
    private var queuedEntries = 0
    private var queuedBytes = 0
    private var waitingForRoom: [(id: UInt64, continuation: CheckedContinuation<Void, Never>)] = []
    private var waiters: UInt64 = 0
    private var drain: Task<Void, Never>?
    /// Whether `drain` takes what is queued; not yet that it has begun to.
    private var isDraining = false
    private var isClosed = false
    /// The batch that is being appended, and since when; nil while nothing is queued.
    private var underWay: (pieces: [Piece], since: ContinuousClock.Instant)?
    private var watch: Task<Void, Never>?
    /// Whether the batch under way has taken so long that nobody waits for it any more.
    private var isStalled = false
    private var connection: Connection?
    /// The lane's head after the last batch of this writer; others may have moved it on.
    private var head: Head?
    /// The first position that is not known to have a partition.
    private var partitioned: Int64 = 0

    /// - Parameter stall: How long a batch may take before all who wait are told that PostgreSQL is away.
    init(lane: Lane, url: String, partitionEntries: Int64, patience: Duration, stall: Duration) {
        self.stall = stall
        self.lane = lane
        self.url = url
        self.partitionEntries = partitionEntries
        self.patience = patience
    }

    // MARK: Queue

    /// Queues `events`, waiting while the queue is full.
    func submit(_ events: [Candidate]) async throws(LogError) -> Promise<[Receipt]> {
        let promise = Promise<[Receipt]>()
        guard !events.isEmpty else {
            promise.settle(.success([]))
            return promise
        }
        let bytes = events.reduce(0) { $0 + $1.event.canonical.count }
        while !isClosed, !isStalled, queuedEntries > 0,
            queuedEntries + events.count > Self.queueEntries || queuedBytes + bytes > Self.queueBytes
        {
            try await waitForRoom()
        }
        guard !isClosed else { throw .closed }
        guard !isStalled else { throw stalled }
        queue.append(Piece(events: events, bytes: bytes, promise: promise))
        queuedEntries += events.count
        queuedBytes += bytes
        if !isDraining {
            isDraining = true
            // Not the caller's task: a batch holds the events of many callers, and the cancellation of one must not
            // reach the others. But begun at once and where the caller is: each change of threads takes its time.
            let executor = withUnsafeCurrentTask { $0?.unownedTaskExecutor?.asTaskExecutor() }
            drain = Task.immediate(executorPreference: executor) { await self.appendQueued() }
        }
        return promise
    }

    private func waitForRoom() async throws(LogError) {
        waiters += 1
        let id = waiters
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // While nothing is being appended there is room, and nobody who would tell.
                if Task.isCancelled || !isDraining {
                    continuation.resume()
                } else {
                    waitingForRoom.append((id, continuation))
                }
            }
        } onCancel: {
            Task { await self.stopWaiting(id) }
        }
        if Task.isCancelled { throw .cancelled }
    }

    private func stopWaiting(_ id: UInt64) {
        guard let index = waitingForRoom.firstIndex(where: { $0.id == id }) else { return }
        waitingForRoom.remove(at: index).continuation.resume()
    }

    private func wakeAllWaiting() {
        let waiting = waitingForRoom
        waitingForRoom = []
        for (_, continuation) in waiting { continuation.resume() }
    }

    func close() async {
        isClosed = true
        wakeAllWaiting()
        // What has stalled has been given up, and its connection is not to be had.
        guard !isStalled else { return }
        await drain?.value
        watch?.cancel()
        await connection?.close()
        connection = nil
    }

    // MARK: Batches

    private func appendQueued() async {
        while !queue.isEmpty {
            let batch = takeBatch()
            wakeAllWaiting()
            underWay = (batch, .now)
            if watch == nil { watch = Task { await self.watchBatches() } }
            do throws(LogError) {
                let receipts = try await appendPatiently(batch)
                for (piece, receipts) in zip(batch, receipts) { piece.promise.settle(.success(receipts)) }
            } catch {
                fail(batch, error)
                // Each would be tried as long, and nobody is to wait for several.
                if case .unavailable = error { failQueued(error) }
            }
            underWay = nil
            isStalled = false
        }
        isDraining = false
    }

    /// Tells all who wait that PostgreSQL is away once a batch has taken too long.
    ///
    /// One timer for all batches that begin before it goes off: to set and stop one for each changes threads more often
    /// than an append does. Source: measured.
    private func watchBatches() async {
        while let (pieces, since) = underWay, !Task.isCancelled {
            guard ContinuousClock.now < since + stall else {
                isStalled = true
                fail(pieces, stalled)
                failQueued(stalled)
                break
            }
            try? await Task.sleep(until: since + stall, clock: .continuous)
        }
        watch = nil
    }

    private var stalled: LogError { .unavailable(.unavailable(reason: "it has not answered within \(stall)")) }

    private func fail(_ pieces: [Piece], _ error: LogError) {
        for piece in pieces { piece.promise.settle(.failure(error)) }
    }

    private func failQueued(_ error: LogError) {
        fail(queue, error)
        queue = []
        (queuedEntries, queuedBytes) = (0, 0)
        wakeAllWaiting()
    }

    private func takeBatch() -> [Piece] {
        var entries = 0
        var bytes = 0
        let count =
            queue.firstIndex { piece in
                entries += piece.events.count
                bytes += piece.bytes
                return entries > Self.batchEntries || bytes > Self.batchBytes
            } ?? queue.count
        let batch = Array(queue.prefix(max(count, 1)))
        queue.removeFirst(batch.count)
        for piece in batch {
            queuedEntries -= piece.events.count
            queuedBytes -= piece.bytes
        }
        return batch
    }

    /// Appends a batch, again where the connection was lost: what was committed unseen is found by its keys.
    private func appendPatiently(_ batch: [Piece]) async throws(LogError) -> [[Receipt]] {
        try await patiently(patience) { () async throws(LogError) in try await append(batch) }
    }

    private func append(_ batch: [Piece]) async throws(LogError) -> [[Receipt]] {
        let former = head
        // Whatever fails may have been committed all the same.
        head = nil
        do {
            let connection = try await connected()
            let size = former?.size ?? 0
            if partitioned < size + Int64(Self.batchEntries) + partitionEntries / 2 {
                // Ahead of need, and outside the transaction that holds the head.
                partitioned = try await partitions(
                    until: size + Int64(Self.batchEntries) + partitionEntries / 2, connection)
            }
            let batch = Batch(lane: lane, pieces: batch.map(\.events), partitioned: partitioned)
            let appended = try await append(batch, after: former, connection)
            head = appended.head
            partitioned = appended.partitioned
            return appended.receipts
        } catch {
            let error = LogError(error)
            if case .unavailable = error { await disconnect() }
            throw error
        }
    }

    /// In one round trip where that can be.
    private func append(_ batch: Batch, after head: Head?, _ connection: Connection) async throws -> Batch.Appended {
        if let head,
            let appended = try await connection.run({ connection in try batch.appendFew(after: head, on: connection) })
        {
            return appended
        }
        return try await connection.transaction { connection in try await batch.append(on: connection) }
    }

    private func partitions(until position: Int64, _ connection: Connection) async throws -> Int64 {
        try await connection.run { connection in
            try connection.fetchOne(Queries.Log.createPartitions(until: position)).until
        }
    }

    // MARK: Connection

    private func connected() async throws -> Connection {
        // One that is not usable any more says so when it is used: to ask it before costs as much as to use it.
        if let connection { return connection }
        let opened = try await Connection.open(
            url,
            setup: [
                Role.writer.setup, "SET synchronous_commit = on", "SET lock_timeout = '10s'",
                "SET statement_timeout = '60s'", "SET application_name = 'dossier append'",
                // Plans made while a log is young would otherwise read all keys for each append until it is analysed.
                "SET enable_seqscan = off",
            ])
        connection = opened
        return opened
    }

    private func disconnect() async {
        let former = connection
        connection = nil
        await former?.close()
    }
}
