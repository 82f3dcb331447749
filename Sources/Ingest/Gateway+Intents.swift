import EventLog
import Logging
import Postgres
public import ServiceLifecycle
import ShareServers

extension Gateway {
    /// How many of the log's latest positions are searched for intents.
    ///
    /// Source: a guess at what a gateway can record in the days between two starts; it is read once.
    private static let searchedPositions: Int64 = 1_000_000

    /// Marks the calls that a former process passed on, and that nobody knows the outcome of, as such: once, when the
    /// log has all that was spooled, and only where no other process records as this source.
    public var reckoning: some Service { Reckoning(gateway: self) }

    private struct Reckoning: Service {
        let gateway: Gateway

        func run() async throws {
            await cancelWhenGracefulShutdown {
                while !Task.isCancelled {
                    do {
                        if await gateway.claim.state == .held, let log = await gateway.recorder.direct {
                            try await gateway.markUnknown(log)
                            break
                        }
                    } catch {
                        gateway.logger.warning("calls without an outcome cannot be looked for yet: \(error)")
                    }
                    try? await Task.sleep(for: .milliseconds(500))
                }
            }
            try? await gracefulShutdown()
        }
    }

    /// Appends what is missing: the outcome, unknown, of each intent that has none.
    private func markUnknown(_ log: Log) async throws {
        var unknown: [Event] = []
        try await log.told(
            by: settings.source, types: [EventType.intent], positions: Self.searchedPositions
        ) { event in
            if event.time < started, let outcome = try? event.outcomeUnknown() { unknown.append(outcome) }
        }
        let known = try await log.holds(unknown)
        let missing = zip(unknown, known).filter { !$0.1 }.map(\.0)
        guard !missing.isEmpty else { return }
        try await recorder.append(missing.reversed(), isOwed: true)
        tally.count(\.unknownOutcomes, by: missing.count)
        logger.warning(
            "calls of a former process were passed on, and nobody knows what came of them",
            metadata: ["calls": "\(missing.count)"])
    }
}
