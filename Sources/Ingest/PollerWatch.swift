import EventLog
import FoundationEssentials
import Logging
import Postgres
import ShareServers

/// A poller's watching, from when it was given the right to it until it lost it or was ended.
struct PollerWatch {
    let poller: Poller
    let lock: SourceLock
    var observer: Observer
    var coverage: Coverage
    /// Until when the servers that the log has were seen as it has them.
    let seenUntil: Timestamp?
    /// Servers to be asked for one by one, those that waited longest first.
    var queue: [UUID] = []
    var queued: Set<UUID> = []
    var attempts: [UUID: Int] = [:]
    /// Of the last list, where nothing but the list itself told of its servers since.
    var lastList: [UInt8]?
    var recalledAt: ContinuousClock.Instant?
    /// Up to where it was heard what other sources told.
    var heard: [Lane: Int64]

    /// Watches until the task is cancelled, or the log fails.
    ///
    /// - Parameter well: Called whenever a round has done its work.
    /// - Returns: Why the log, or the right to append to it, is gone; nil where the task was cancelled.
    static func run(_ poller: Poller, _ lock: SourceLock, _ well: () -> Void) async -> LogError? {
        do throws(LogError) {
            var watch = try await PollerWatch(poller, lock)
            do throws(LogError) {
                try await watch.loop(well)
            } catch {
                if !Task.isCancelled { throw error }
            }
            // The goodbye is not to be cancelled with the rest.
            await Task { [watch] in await watch.sayGoodbye() }.value
            return nil
        } catch {
            return Task.isCancelled ? nil : error
        }
    }

    private init(_ poller: Poller, _ lock: SourceLock) async throws(LogError) {
        self.poller = poller
        self.lock = lock
        observer = Observer(source: poller.source, redaction: Redaction(key: poller.log.redactionKey))
        let former = try await poller.log.lastSign(of: poller.source)
        // What was told while nobody watched is heard with the first round.
        heard = try await poller.log.sizes(at: former?.time)
        // A sign of life is given when all that there is has been seen and is in the log.
        seenUntil = former?.time
        coverage = Coverage(
            source: poller.source, former: former, heartbeat: poller.pace.heartbeat,
            tolerance: poller.pace.tolerance(patience: poller.manila.patience))
    }

    private mutating func loop(_ well: () -> Void) async throws(LogError) {
        let clock = ContinuousClock()
        var failures = 0
        while !Task.isCancelled {
            let begun = clock.now
            let begunAt = Timestamp.now
            var pause = poller.pace.jittered
            do throws(IngestError) {
                try await round(until: begun + poller.pace.interval)
                poller.tally.count { counts in
                    counts.failuresInARow = 0
                    counts.lastRoundAt = begunAt
                    let took = clock.now - begun
                    counts.roundTime += took
                    counts.lastRoundTime = took
                }
                if failures > 0 { poller.logger.notice("Manila answers again, after \(failures) failed rounds") }
                failures = 0
                well()
            } catch {
                switch error {
                case .log(let error): throw error
                case .cancelled: return
                default: break
                }
                failures += 1
                coverage.miss("\(error)")
                lastList = nil
                poller.tally.count { counts in
                    counts.failuresInARow = failures
                    if let kind = Poller.Tally.Failure(error) { counts.failed[kind, default: 0] += 1 }
                    if case .unintelligible = error { counts.malformed += 1 }
                }
                pause = poller.pace.pause(after: failures)
                // The first few, and then one in so many.
                if failures <= 3 || failures.isMultiple(of: 10) {
                    poller.logger.warning("round failed, \(failures) in a row; the next in \(pause): \(error)")
                }
            }
            poller.tally.count { $0.nextRoundAt = begunAt.advanced(by: pause) }
            try? await clock.sleep(until: begun + pause)
        }
    }

    private func sayGoodbye() async {
        var coverage = coverage
        do {
            let events = try coverage.stop()
            guard !events.isEmpty else { return }
            try await lock.confirm()
            _ = try await poller.log.append(events)
        } catch {
            poller.logger.warning("the goodbye is not in the log: \(error)")
        }
    }

    /// Appends, if this process still has the right to.
    mutating func append(_ events: [Event]) async throws(IngestError) {
        guard !events.isEmpty else { return }
        do throws(LogError) {
            try await lock.confirm()
            _ = try await poller.log.append(events)
        } catch {
            throw error == .cancelled && Task.isCancelled ? .cancelled : .log(error)
        }
        poller.tally.count { $0.events += events.count }
    }

    /// What is new in an answer.
    mutating func draw(_ polled: Polled) -> [Event] {
        observer.events(from: polled) { [poller] fault in
            poller.tally.count { $0.malformed += 1 }
            poller.logger.warning("of a server no event can be made: \(fault)")
        }
    }

    /// Says that all was seen at `time`.
    mutating func tellSeen(at time: Timestamp) async throws(IngestError) {
        let events: [Event]
        do throws(EventError) {
            events = try coverage.saw(at: time)
        } catch {
            throw .misconfigured(setting: "the name of the source", reason: "\(error)")
        }
        try await append(events)
    }
}
