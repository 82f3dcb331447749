import Ingest
import ShareServers
import Synchronization

/// What an import of some files came to.
struct ImportSummary: Sendable {
    private(set) var reports: [ImportReport] = []
    /// Files that could not be read, and why.
    private(set) var unread: [Failure] = []
    /// Events of the file under way that were durable when the import stopped.
    private(set) var settledOfStopped = 0
    /// Why the log took no more.
    private(set) var failure: Failure?
    private(set) var isInterrupted = false
    var elapsed = Duration.zero

    mutating func add(_ report: ImportReport) { reports.append(report) }

    mutating func add(_ error: IngestError, of file: String, settled: Int) {
        switch error {
        case .unreadable, .notRecognised, .away, .denied, .unintelligible, .misconfigured:
            let failure = Failure(error)
            Output.diagnostics.post(failure.text)
            unread.append(failure)
        case .cancelled:
            isInterrupted = true
            settledOfStopped = settled
        default:
            failure = Failure(error)
            settledOfStopped = settled
        }
    }

    var hasStopped: Bool { failure != nil || isInterrupted }

    /// Whether every element of every file is in the log.
    var isClean: Bool { faults == 0 && conflicts == 0 && unread.isEmpty && !hasStopped }

    var appended: Int { reports.reduce(0) { $0 + $1.appended } }
    var known: Int { reports.reduce(0) { $0 + $1.known } }
    var conflicts: Int { reports.reduce(0) { $0 + $1.conflicts } }
    var faults: Int { reports.reduce(0) { $0 + $1.faults } }
    var skipped: Int { reports.reduce(0) { $0 + $1.skipped } }
    var exchanges: Int { reports.reduce(0) { $0 + $1.exchanges } }

    private var seconds: Double { elapsed / .seconds(1) }

    private var rate: Int {
        let events = appended + known + conflicts + settledOfStopped
        return seconds > 0 ? Int(Double(events) / seconds) : 0
    }

    func text(_ format: OutputOptions.Format) -> String {
        switch format {
        case .table: return line + "\n"
        case .json: return json.indented + "\n"
        case .csv:
            return CSV.record(["input", "format", "bytes", "appended", "known", "conflicts", "faults", "skipped"])
                + reports.map { report in
                    let numbers = [
                        Int(report.bytes), report.appended, report.known, report.conflicts, report.faults,
                        report.skipped,
                    ]
                    return CSV.record([report.input, report.format.rawValue] + numbers.map(\.description))
                }.joined()
        }
    }

    /// One line for people.
    var line: String {
        func count(_ number: Int) -> String { Int64(number).grouped }
        var parts = ["\(count(appended)) appended", "\(count(known)) known"]
        parts.append("\(count(conflicts)) conflicts")
        parts.append("\(count(faults)) faults")
        if exchanges > 0 || skipped > 0 { parts.append("\(count(skipped)) skipped") }
        if !unread.isEmpty { parts.append("\(count(unread.count)) files unread") }
        var line = parts.joined(separator: ", ") + "; \(count(rate)) events/s in \(Span(elapsed))"
        if hasStopped {
            line =
                "stopped early: of the file under way \(count(settledOfStopped)) events are durable; of those before: "
                + line + ". Repeat it to go on."
        }
        return line
    }

    private var json: JSON {
        func number(_ number: Int) -> JSON { .number(Double(number)) }
        return [
            "appended": number(appended), "known": number(known), "conflicts": number(conflicts),
            "faults": number(faults), "skipped": number(skipped), "exchanges": number(exchanges),
            "seconds": .number((seconds * 1000).rounded() / 1000), "events_per_second": number(rate),
            "interrupted": .bool(isInterrupted), "settled_of_interrupted": number(settledOfStopped),
            "files": .array(
                reports.map { report in
                    [
                        "input": .string(report.input), "format": .string(report.format.rawValue),
                        "bytes": .number(Double(report.bytes)), "appended": number(report.appended),
                        "known": number(report.known), "conflicts": number(report.conflicts),
                        "faults": number(report.faults), "skipped": number(report.skipped),
                    ]
                }),
            "unread": .array(unread.map { .string($0.message) }),
        ]
    }
}

/// Takes the faults of one file, and tells of the first of them.
final class FaultDesk: Sendable {
    private let state = Mutex((reported: 0, input: "", settled: 0))

    /// More lines than anybody reads; what is beyond them is counted.
    private static let lines = 1000

    func report(_ fault: Fault, in input: String) {
        let number = state.withLock { state in
            state.reported += 1
            state.input = input
            return state.reported
        }
        if number <= Self.lines { Output.diagnostics.post(Self.line(fault, in: input)) }
    }

    /// `file:line: field: reason`, whatever the file put into them; with the number of the element where several share
    /// a line.
    static func line(_ fault: Fault, in input: String) -> String {
        let element = fault.number >= fault.line ? "element \(fault.number + 1): " : ""
        let text = "\(input):\(fault.line): " + element + (fault.attribute.map { "\($0): " } ?? "") + fault.reason
        let clear = Terminal.standardError.isTerminal ? "\r\u{1B}[K" : ""
        return clear + text.escapedForTerminal + "\n"
    }

    func settled(_ events: Int) { state.withLock { $0.settled = events } }
    var settledEvents: Int { state.withLock { $0.settled } }

    /// Says how many were not told of.
    func close() async {
        let (reported, input, _) = state.withLock { $0 }
        if reported > Self.lines {
            Output.diagnostics.post(
                "\(input): and \(Int64(reported - Self.lines).grouped) more faults\n".escapedLine)
        }
        await Output.diagnostics.drain()
    }
}
