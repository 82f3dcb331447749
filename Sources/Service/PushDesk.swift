import HTTPTypes
import Ingest

/// Where pushes come in: so many are let in at once, some more wait, and what becomes of all is counted.
actor PushDesk {
    nonisolated let limits: QueryService.PushLimits

    private var underWay = 0
    private var waiting: [(id: UInt64, continuation: CheckedContinuation<Bool, Never>)] = []
    private var lastWaiter: UInt64 = 0

    private var events: [String: Int] = ["accepted": 0, "known": 0, "conflict": 0, "rejected": 0]
    private var refused = Dictionary(uniqueKeysWithValues: PushDesk.reasons.values.map { ($0, 0) })

    init(limits: QueryService.PushLimits) { self.limits = limits }

    /// Runs `body` when it is its turn.
    ///
    /// - Throws: 429 where too many wait, or it has not become its turn in time; what `body` throws.
    nonisolated func admit<Output: Sendable>(_ body: () async throws -> Output) async throws -> Output {
        guard await enter() else {
            throw Problem.tooMany(
                "\(limits.atOnce) pushes are under way, and more wait than can be taken; push again later")
        }
        do {
            let output = try await body()
            await leave()
            return output
        } catch {
            await leave()
            throw error
        }
    }

    private func enter() async -> Bool {
        if underWay < limits.atOnce {
            underWay += 1
            return true
        }
        guard waiting.count < limits.waiting else { return false }
        lastWaiter += 1
        let id = lastWaiter
        let timer = Task { [limits] in
            try await Task.sleep(for: limits.waitTime)
            stopWaiting(id)
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { waiting.append((id, $0)) }
        } onCancel: {
            // Behind the append above, which runs before anything else on this actor.
            Task { await self.stopWaiting(id) }
        }
    }

    private func stopWaiting(_ id: UInt64) {
        guard let index = waiting.firstIndex(where: { $0.id == id }) else { return }
        waiting.remove(at: index).continuation.resume(returning: false)
    }

    /// Hands the place of a push that is done to the next in line.
    private func leave() {
        if waiting.isEmpty {
            underWay -= 1
        } else {
            waiting.removeFirst().continuation.resume(returning: true)
        }
    }

    // MARK: Counting

    /// Why pushes are refused, by the status that says so.
    private static let reasons = [
        400: "invalid", 408: "slow", 409: "conflict", 413: "too_large", 415: "encoding_or_type", 429: "too_many",
        500: "failed", 503: "unavailable",
    ]

    /// - Parameter status: That of the answer.
    func count(_ answer: PushAnswer, _ status: HTTPResponse.Status) {
        events["accepted", default: 0] += answer.appended
        events["known", default: 0] += answer.known
        events["conflict", default: 0] += answer.conflicts
        events["rejected", default: 0] += answer.rejected
        if status.code >= 400 { refused[Self.reasons[status.code] ?? "failed", default: 0] += 1 }
    }

    /// In the text format of Prometheus.
    func metrics() -> String {
        var exposition = Exposition()
        func samples(_ counts: [String: Int], _ label: String) -> [Exposition.Sample] {
            counts.sorted { $0.key < $1.key }.map { .init($0.value, [(label, $0.key)]) }
        }
        exposition.add(
            "dossier_push_events_total", .counter, "Events that were pushed, by what became of them.",
            samples(events, "outcome"))
        exposition.add(
            "dossier_push_refused_total", .counter, "Pushes that were answered with an error, by why.",
            samples(refused, "reason"))
        exposition.add(
            "dossier_push_under_way", .gauge, "Pushes that are being read and appended.", [.init(underWay)])
        exposition.add("dossier_push_waiting", .gauge, "Pushes that wait for others to end.", [.init(waiting.count)])
        return exposition.text
    }
}

extension QueryService {
    /// What is taken of pushes at most, in size, number and time. What is beyond gets an error of its own.
    public struct PushLimits: Sendable {
        /// Bytes of a body, after decompressing; what is under way of it in memory is some megabytes.
        public var bytes = 1 << 30
        /// Events of a body.
        public var events = 1_000_000
        /// Pushes that are read at the same time: some 8 MiB each where they are large.
        public var atOnce = 64
        /// Pushes that wait for that, unread, and how long.
        public var waiting = 256
        public var waitTime = Duration.seconds(5)
        /// The longest in which nothing of a body may come, and that is waited for all of it.
        ///
        /// Source: chosen; a connection on which nothing comes is closed after a minute, this answers before.
        public var pause = Duration.seconds(30)
        public var time = Duration.seconds(600)
        /// How long the log may take for half a megabyte of it.
        public var logTime = Duration.seconds(30)

        public init() {}
    }
}
