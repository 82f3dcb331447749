import EventLog
import Logging
import Postgres
public import ServiceLifecycle
import ShareServers

extension Gateway {
    /// Tells that the gateway watches, from its start to its end, and the gaps between: those that a killed one left, and
    /// those in which calls passed that could not be recorded.
    ///
    /// Runs while calls pass: it begins before the first and ends after the last.
    public var watching: some Service { Watching(gateway: self) }

    private struct Watching: Service {
        let gateway: Gateway

        /// How often it looks whether it still watches, and the longest between two looks that is no gap.
        private static let look = Duration.seconds(5)
        private static let tolerance = Duration.seconds(60)

        func run() async throws {
            let source = gateway.settings.source
            // Nil as well where the log cannot be asked: the gap shows all the same, only not in so many words.
            let former = try? await gateway.recorder.direct?.lastSign(of: source)
            var signs = Signs(
                coverage: Coverage(source: source, former: former ?? nil, tolerance: Self.tolerance), gateway: gateway)
            await signs.tell()
            signs = await cancelWhenGracefulShutdown { [signs] in
                var signs = signs
                while !Task.isCancelled {
                    try? await Task.sleep(for: Self.look)
                    if !Task.isCancelled { await signs.tell() }
                }
                return signs
            }
            await signs.end()
        }
    }

    /// What a gateway has said of its watching, and what could not be recorded of it yet.
    private struct Signs: Sendable {
        var coverage: Coverage
        let gateway: Gateway
        private var waiting: [Event] = []
        private var unrecorded = 0

        init(coverage: Coverage, gateway: Gateway) {
            self.coverage = coverage
            self.gateway = gateway
        }

        /// Says that it sees, unless what it said before has not been recorded yet.
        mutating func tell() async {
            let unrecorded = gateway.tally.current.unrecorded
            if unrecorded > self.unrecorded { coverage.miss("calls passed that could not be recorded") }
            self.unrecorded = unrecorded
            if waiting.isEmpty { waiting = (try? coverage.saw(at: .now)) ?? [] }
            await record()
        }

        mutating func end() async {
            waiting += (try? coverage.stop()) ?? []
            await record()
        }

        private mutating func record() async {
            guard !waiting.isEmpty else { return }
            do throws(IngestError) {
                try await gateway.recorder.append(waiting)
                waiting = []
            } catch {
                gateway.logger.warning("that the gateway watches could not be recorded: \(error)")
            }
        }
    }
}
