public import EventLog
public import Logging
public import ServiceLifecycle

/// Watches the share servers of one Manila by asking for its list again and again.
///
/// What it asks is not recorded, what it sees is: states when they changed, with `not_before` as the moment of the last
/// list that still said otherwise; back-end details on first sight and on each change; that a server is gone once Manila
/// says that it does not know it. A round in which nothing changed appends nothing but a sign of life now and then. While
/// it cannot see it does not seem alive, and says afterwards from when until when it did not.
///
/// Any number may run for the same source: one watches, the others stand by, and take over where it ends.
public struct Poller: Service {
    /// The `source` of its events, such as `/poller/RegionOne`.
    public let source: String
    let manila: Manila
    let log: Log
    let databaseURL: String
    let pace: Pace
    let logger: Logger
    public let tally = Tally()

    /// - Parameters:
    ///   - manila: Of this poller alone.
    ///   - databaseURL: That of the log; a connection of its own holds the right to watch.
    public init(
        source: String, manila: Manila, log: Log, databaseURL: String, pace: Pace = Pace(), logger: Logger
    ) {
        self.source = source
        self.manila = manila
        self.log = log
        self.databaseURL = databaseURL
        self.pace = pace
        var logger = logger
        logger[metadataKey: "source"] = .string(source)
        self.logger = logger
    }

    /// Runs until the task is cancelled or a graceful shutdown begins, and says goodbye then.
    ///
    /// Never throws: whatever is away is waited for.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var failures = 0
            while !Task.isCancelled {
                do throws(LogError) {
                    guard let lock = try await SourceLock.take(source, url: databaseURL) else {
                        logger.debug("another process watches; standing by")
                        tally.count { $0.state = .standby }
                        failures = 0
                        try? await Task.sleep(for: pace.standby)
                        continue
                    }
                    tally.count { $0.state = .watching }
                    logger.info("watching")
                    let watch = await PollerWatch.run(self, lock) { failures = 0 }
                    await lock.release()
                    if let error = watch { throw error }
                } catch {
                    if Task.isCancelled { return }
                    failures += 1
                    tally.count { $0.state = .logAway }
                    logger.warning("the log does not take what is seen; trying again: \(error)")
                    try? await Task.sleep(for: pace.pause(after: failures))
                }
            }
        }
    }
}

/// How often is asked, and how it slows down where nobody answers.
public struct Pace: Sendable {
    /// From the beginning of one round to that of the next.
    public var interval: Duration
    /// The longest that is waited between two attempts. One attempt in so long a time is all that a service gets which
    /// goes on failing.
    public var longest: Duration
    /// The least time between two signs of life.
    public var heartbeat: Duration
    /// How often one that stands by looks whether it is to watch.
    public var standby: Duration
    /// Servers that are asked for one by one in a round, at most, and at the same time.
    public var shows: Int
    public var showsAtOnce: Int

    public init(
        interval: Duration = .seconds(10), longest: Duration = .seconds(300), heartbeat: Duration = .seconds(60),
        standby: Duration = .seconds(5), shows: Int = 256, showsAtOnce: Int = 4
    ) {
        self.interval = interval
        self.longest = longest
        self.heartbeat = heartbeat
        self.standby = standby
        self.shows = max(1, shows)
        self.showsAtOnce = max(1, showsAtOnce)
    }

    /// A tenth more or less, so that several do not ask in step.
    var jittered: Duration { interval * Double.random(in: 0.9...1.1) }

    /// Doubled with every failure up to `longest`; somewhere between the half and the whole of it.
    ///
    /// Source: M. Brooker, "Exponential Backoff and Jitter", equal jitter.
    func pause(after failures: Int) -> Duration {
        let factor = Double(1 << min(max(failures - 1, 0), 20))
        return min(interval * factor, longest) * Double.random(in: 0.5...1)
    }

    /// Rounds may be late by as much, and a slow answer is no gap.
    func tolerance(patience: Duration) -> Duration { interval * 2 + patience }
}
