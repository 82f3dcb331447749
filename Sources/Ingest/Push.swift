public import EventLog
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

    public init(log: Log) { self.log = log }

    /// Appends the events of a body and hands over what became of each, in order, as soon as it is durable.
    ///
    /// - Parameters:
    ///   - chunks: The body. It is read no faster than the log takes it.
    ///   - format: `.ndjson` or `.json`.
    ///   - body: Given the element's number, from 0, and its outcome.
    /// - Throws: What `chunks` throws, and `LogError`: then some of the events may be in the log.
    public func append<Chunks: AsyncSequence>(
        _ chunks: Chunks, format: Format, _ body: (_ number: Int, Outcome) -> Void
    ) async throws where Chunks.Element: Collection<UInt8> {
        var splitter = Splitter(format)
        let redaction = Redaction(key: log.redactionKey)
        var gathered: [UInt8] = []
        var pending: [(decoded: Decoded<Event>, submission: Submission)] = []

        func take(_ slab: Slab) async throws {
            guard !slab.isEmpty else { return }
            let decoded = slab.events(redaction)
            while pending.count >= Self.submitted { try await Self.settle(&pending, body) }
            pending.append((decoded, try await log.submit(decoded.outputs.map(\.output))))
        }

        for try await chunk in chunks {
            gathered.append(contentsOf: chunk)
            if gathered.count >= Self.gatherBytes {
                try await take(splitter.split(gathered))
                gathered.removeAll(keepingCapacity: true)
            }
        }
        if !gathered.isEmpty { try await take(splitter.split(gathered)) }
        try await take(splitter.end())
        while !pending.isEmpty { try await Self.settle(&pending, body) }
    }

    private static func settle(
        _ pending: inout [(decoded: Decoded<Event>, submission: Submission)],
        _ body: (_ number: Int, Outcome) -> Void
    ) async throws {
        let (decoded, submission) = pending.removeFirst()
        let receipts = try await submission.receipts()
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
