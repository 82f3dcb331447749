import EventLog
import ShareServers

/// An import under way: slabs are decoded at once, and their events go to the log in order.
struct ImportRun {
    var report: ImportReport
    let log: Log
    let redaction: Redaction
    let source: String?
    let size: Int64?
    let onFault: @Sendable (_ input: String, Fault) -> Void
    let onProgress: @Sendable (_ done: Int64, _ of: Int64?, _ events: Int) -> Void

    /// Slabs decoded at once, and submissions that wait for the log.
    ///
    /// Source: measured on two cores; the submissions are those that are being committed and as many again, so that
    /// the next batch is a whole one and ready.
    private static let decoding = 3
    private static let submitted = 14

    enum Part: Sendable {
        case events(Decoded<Event>)
        case exchanges(Decoded<Reading?>)
        case notifications(Decoded<AuditedHalf?>)
    }
    typealias Group = ThrowingTaskGroup<(Int, Part), any Error>

    private var started = 0
    private var next = 0
    private var waiting: [Int: Part] = [:]
    private var submissions: [(submission: Submission, elements: [Slab.Element])] = []
    /// By their source.
    var observers: [String: Observer] = [:]
    var window = Window()
    var unanswered = Unanswered()

    init(
        report: ImportReport, log: Log, source: String?, size: Int64?,
        onFault: @escaping @Sendable (_ input: String, Fault) -> Void,
        onProgress: @escaping @Sendable (_ done: Int64, _ of: Int64?, _ events: Int) -> Void
    ) {
        self.report = report
        self.log = log
        redaction = Redaction(key: log.redactionKey)
        self.source = source
        self.size = size
        self.onFault = onFault
        self.onProgress = onProgress
    }

    /// Takes the next slab; returns once there is room for another.
    mutating func take(_ slab: Slab, bytes: Int, _ group: inout Group) async throws {
        report.bytes += Int64(bytes)
        if !slab.isEmpty {
            while started - next >= Self.decoding { try await takeDecoded(&group) }
            let index = started
            started += 1
            let format = report.format
            group.addTask { [redaction, source] in
                let part: Part =
                    switch format {
                    case .ndjson, .json: .events(slab.events(redaction))
                    case .har: .exchanges(slab.readings(source: source, redaction))
                    case .oslo: .notifications(slab.halves(source: source, redaction))
                    }
                return (index, part)
            }
        }
        onProgress(report.bytes, size, report.events)
    }

    /// Takes what is left, and waits until all of it is durable.
    mutating func finish(_ group: inout Group) async throws {
        while next < started { try await takeDecoded(&group) }
        try await noteHeld(downTo: 0)
        try await submit(unanswered.popAll())
        while !submissions.isEmpty { try await settle() }
        onProgress(report.bytes, size, report.events)
    }

    /// Waits for what the log has taken, after something else failed, so that the report tells of it.
    mutating func settleAll() async {
        while !submissions.isEmpty { try? await settle() }
    }

    // MARK: - In order

    private mutating func takeDecoded(_ group: inout Group) async throws {
        while waiting[next] == nil {
            guard let (index, part) = try await group.next() else { return }
            waiting[index] = part
        }
        while let part = waiting.removeValue(forKey: next) {
            next += 1
            try await submit(part)
        }
    }

    private mutating func submit(_ part: Part) async throws {
        switch part {
        case .events(let decoded):
            note(decoded.faults)
            try await submit(decoded.outputs.map(\.output), decoded.outputs.map(\.element))
        case .exchanges(let decoded):
            note(decoded.faults)
            try await take(decoded.outputs)
        case .notifications(let decoded):
            note(decoded.faults)
            try await take(decoded.outputs)
        }
    }

    /// Hands events to the log, each with the element that it came from; waits while too many wait.
    mutating func submit(_ events: [Event], _ elements: [Slab.Element]) async throws {
        guard !events.isEmpty else { return }
        while submissions.count >= Self.submitted { try await settle() }
        submissions.append((try await log.submit(events), elements))
    }

    // MARK: - Receipts

    private mutating func settle() async throws {
        let (submission, elements) = submissions.removeFirst()
        for (element, receipt) in zip(elements, try await submission.receipts()) {
            switch receipt.outcome {
            case .appended: report.appended += 1
            case .known: report.known += 1
            case .conflict:
                report.conflicts += 1
                keep(
                    Fault(
                        number: element.number, line: element.line, attribute: "id",
                        reason: "it was used before for an event of other content, entry \(receipt.position)"))
            }
        }
        onProgress(report.bytes, size, report.events)
    }

    private mutating func note(_ faults: [Fault]) {
        for fault in faults.sorted(by: { $0.number < $1.number }) { note(fault) }
    }

    mutating func note(_ fault: Fault) {
        report.faults += 1
        keep(fault)
    }

    private mutating func keep(_ fault: Fault) {
        if report.firstFaults.count < ImportReport.keptFaults { report.firstFaults.append(fault) }
        onFault(report.input, fault)
    }
}
