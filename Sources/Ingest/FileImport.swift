public import EventLog
import Postgres
import ShareServers

/// Brings the events of files into the log. Repeating it appends nothing.
///
/// Memory does not grow with the file: a few slabs are decoded at once, and a few batches wait for the log. Of an archive
/// up to 32 MiB are held back, so that exchanges that are not in the order of time are put into it. What an archive tells
/// of servers is compared with what the log holds of them from the same source: archives may come in parts.
public struct FileImport: Sendable {
    private let log: Log
    private let source: String?
    private let onFault: @Sendable (_ input: String, Fault) -> Void
    private let onProgress: @Sendable (_ done: Int64, _ of: Int64?, _ events: Int) -> Void

    /// - Parameters:
    ///   - source: The `source` of events drawn out of an archive or notifications; nil: the origin of each request's
    ///     URL, or `/notifications/` and the publisher.
    ///   - onFault: Called with each fault and conflict as it is found.
    ///   - onProgress: Called after each batch with the bytes read, the bytes there are where that is known, and the
    ///     events settled.
    public init(
        log: Log, source: String? = nil, onFault: @escaping @Sendable (_ input: String, Fault) -> Void = { _, _ in },
        onProgress: @escaping @Sendable (_ done: Int64, _ of: Int64?, _ events: Int) -> Void = { _, _, _ in }
    ) {
        self.log = log
        self.source = source
        self.onFault = onFault
        self.onProgress = onProgress
    }

    /// Imports one file; returns when all that it holds is durable.
    ///
    /// - Parameters:
    ///   - path: `-` is standard input.
    ///   - format: Nil: recognised by the first bytes.
    /// - Throws: `.unreadable`, `.notRecognised`, `.log`, `.cancelled`. What had been taken by then is in the log.
    public func run(_ path: String, format: Format? = nil) async throws(IngestError) -> ImportReport {
        let file = try InputFile(path)
        var beginning: [UInt8] = []
        while !Format.isClear(beginning[...]) {
            let chunk = try await file.read()
            if chunk.isEmpty { break }
            beginning += chunk
        }
        let text = beginning.starts(with: [0xEF, 0xBB, 0xBF]) ? beginning[3...] : beginning[...]
        let recognised = if let format { format } else { try Format.recognise(text, of: file.name) }
        var run = ImportRun(
            report: ImportReport(input: file.name, format: recognised), log: log, source: source,
            size: file.size, onFault: onFault, onProgress: onProgress)
        do {
            var splitter = Splitter(run.report.format, beginning: text)
            try await withThrowingTaskGroup { group in
                try await run.take(splitter.split(Array(text)), bytes: beginning.count, &group)
                while true {
                    let chunk = try await file.read()
                    if chunk.isEmpty { break }
                    try await run.take(splitter.split(chunk), bytes: chunk.count, &group)
                }
                try await run.take(splitter.end(), bytes: 0, &group)
                try await run.finish(&group)
            }
        } catch {
            await run.settleAll()
            switch error {
            case let error as IngestError: throw error
            case let error as LogError: throw error == .cancelled ? .cancelled : .log(error)
            default: throw .cancelled
            }
        }
        return run.report
    }
}
