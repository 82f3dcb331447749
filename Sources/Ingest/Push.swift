public import EventLog
import Postgres
import ShareServers

/// Events that are handed over in the body of a request, of any size, streamed.
public struct Push: Sendable {
    /// What became of one element of the body.
    public enum Outcome: Sendable {
        case settled(Receipt)
        /// It is no event; nothing of it was kept.
        case rejected(Fault)
    }

    /// Bytes that are gathered before they are decoded and submitted.
    ///
    /// Source: measured; a body of 100 events is one submission, a large one keeps the log busy with several.
    private static let gatherBytes = 512 << 10
    /// Submissions that wait for the log at once.
    private static let submitted = 4

    private let log: Log
    private let limit: Int
    private let patience: Duration

    /// - Parameters:
    ///   - limit: Events of one body.
    ///   - patience: How long the log may take for some of them. Equal events are kept once, so a client may repeat what
    ///     was given up.
    public init(log: Log, limit: Int = .max, patience: Duration = .seconds(30)) {
        self.log = log
        self.limit = limit
        self.patience = patience
    }

    /// Appends the events of a body and hands over what became of each, in order, as soon as it is durable.
    ///
    /// - Parameters:
    ///   - chunks: The body. It is read no faster than the log takes it.
    ///   - format: `.ndjson` or `.json`.
    ///   - body: Given the element's number, from 0, and its outcome.
    /// - Returns: Whether the body was a JSON array, be it an empty one.
    /// - Throws: What `chunks` throws, `IngestError.tooMuch`, and `LogError`: then some of the events may be in the log.
    @discardableResult
    public func append<Chunks: AsyncSequence>(
        _ chunks: Chunks, format: Format, _ body: (_ number: Int, Outcome) -> Void
    ) async throws -> Bool where Chunks.Element: Collection<UInt8> {
        var splitter = Splitter(format)
        var pending: [Pending] = []
        do {
            try await read(chunks, &splitter, &pending, body)
            while !pending.isEmpty { try await settle(&pending, body) }
        } catch {
            // What was taken before is told of, as far as the log still answers.
            if !(error is LogError) { while !pending.isEmpty { try await settle(&pending, body) } }
            throw error
        }
        return splitter.hasArray
    }

    private typealias Pending = (decoded: Decoded<Event>, submission: Submission)

    private func read<Chunks: AsyncSequence>(
        _ chunks: Chunks, _ splitter: inout Splitter, _ pending: inout [Pending], _ body: (Int, Outcome) -> Void
    ) async throws where Chunks.Element: Collection<UInt8> {
        let redaction = Redaction(key: log.redactionKey)
        var gathered: [UInt8] = []
        var count = 0

        func take(_ slab: Slab, _ pending: inout [Pending]) async throws {
            guard !slab.isEmpty else { return }
            count += slab.elements.count + slab.faults.count
            guard count <= limit else { throw IngestError.tooMuch(limit: limit, of: "events") }
            let decoded = slab.events(redaction)
            while pending.count >= Self.submitted { try await settle(&pending, body) }
            pending.append((decoded, try await submit(decoded.outputs.map(\.output))))
        }

        for try await chunk in chunks {
            gathered.append(contentsOf: chunk)
            if gathered.count >= Self.gatherBytes {
                try await take(splitter.split(gathered), &pending)
                gathered.removeAll(keepingCapacity: true)
            }
        }
        if !gathered.isEmpty { try await take(splitter.split(gathered), &pending) }
        try await take(splitter.end(), &pending)
    }

    /// Waits for room in the log, and no longer than it may take.
    private func submit(_ events: [Event]) async throws -> Submission {
        try await answer { [log] () async throws(LogError) in try await log.submit(events) }
    }

    /// What the log answers, if in time. What it goes on with all the same is safe to repeat.
    private func answer<Output: Sendable>(
        _ asked: @escaping @Sendable () async throws(LogError) -> Output
    ) async throws(LogError) -> Output {
        let asking = Task { () -> Result<Output, LogError> in
            do throws(LogError) { return .success(try await asked()) } catch { return .failure(error) }
        }
        guard let result = await asking.value(within: patience) else {
            asking.cancel()
            if Task.isCancelled { throw .cancelled }
            throw .unavailable(.unavailable(reason: "it has not answered within \(patience)"))
        }
        return try result.get()
    }

    private func settle(_ pending: inout [Pending], _ body: (_ number: Int, Outcome) -> Void) async throws {
        let (decoded, submission) = pending.removeFirst()
        let receipts = try await answer { () async throws(LogError) in try await submission.receipts() }
        var faults = decoded.faults.sorted { $0.number < $1.number }[...]
        for (output, receipt) in zip(decoded.outputs, receipts) {
            while let fault = faults.first, fault.number < output.element.number {
                body(fault.number, .rejected(fault))
                faults.removeFirst()
            }
            body(output.element.number, .settled(receipt))
        }
        for fault in faults { body(fault.number, .rejected(fault)) }
    }
}
