public import Hummingbird
import ShareServers

extension Poller {
    /// What operators probe of the pollers of a process: `/healthz`, `/readyz` and `/metrics`.
    public static func probes(of pollers: [Poller]) -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/healthz") { _, _ in Response(.ok, ["status": "ok"]) }
        router.get("/readyz") { _, _ in ready(pollers) }
        router.get("/metrics") { _, _ in Response(exposition: metrics(of: pollers)) }
        return router
    }

    /// 200 while each watches and sees, or stands by; 503 where one has not seen yet, or does not any more.
    private static func ready(_ pollers: [Poller]) -> Response {
        let sources = pollers.map { poller -> (isReady: Bool, json: JSON) in
            let counts = poller.tally.counts
            let members: JSON = [
                "source": .string(poller.source), "state": .string(counts.state.rawValue),
                "failed_rounds": .number(Double(counts.failuresInARow)),
            ]
            return (counts.isReady, members)
        }
        let isReady = sources.allSatisfy(\.isReady)
        return Response(
            isReady ? .ok : .serviceUnavailable,
            ["sources": .array(sources.map(\.json)), "status": isReady ? "ready" : "not_watching"])
    }

    /// What the pollers of a process have done, in the text format of Prometheus.
    static func metrics(of pollers: [Poller]) -> String {
        let all = pollers.map { (source: [("source", $0.source)], counts: $0.tally.counts) }
        var exposition = Exposition()
        func add(_ name: String, _ kind: Exposition.Kind, _ help: String, _ value: (Tally.Counts) -> Double?) {
            let samples = all.compactMap { poller in value(poller.counts).map { Exposition.Sample($0, poller.source) } }
            exposition.add("dossier_poller_\(name)", kind, help, samples)
        }
        exposition.add(
            "dossier_poller_state", .gauge, "1 for what the poller does now.",
            all.flatMap { poller in
                Tally.State.allCases.map { state in
                    .init(poller.counts.state == state ? 1 : 0, poller.source + [("state", state.rawValue)])
                }
            })
        add("rounds_total", .counter, "Lists of Manila that were read.") { Double($0.rounds) }
        exposition.add(
            "dossier_poller_failed_rounds_total", .counter, "Lists that could not be had or not be read, by why.",
            all.flatMap { poller in
                Tally.Failure.allCases.map { kind in
                    .init(poller.counts.failed[kind] ?? 0, poller.source + [("kind", kind.rawValue)])
                }
            })
        add("failures_in_a_row", .gauge, "Rounds that failed since the last good one.") { Double($0.failuresInARow) }
        add("breaker_open", .gauge, "1 where rounds failed one after another, so that Manila is asked less often.") {
            $0.isBreakerOpen ? 1 : 0
        }
        add("round_seconds_total", .counter, "Time that good rounds took.") { $0.roundTime / .seconds(1) }
        add("last_round_seconds", .gauge, "Time that the last good round took.") {
            $0.lastRoundTime.map { $0 / .seconds(1) }
        }
        add("last_round_timestamp_seconds", .gauge, "When the last good round began.") { $0.lastRoundAt?.seconds }
        add("next_round_timestamp_seconds", .gauge, "When the next round is to begin.") { $0.nextRoundAt?.seconds }
        add("servers", .gauge, "Share servers in the last list.") { $0.listed.map { Double($0) } }
        add("shows_total", .counter, "Servers asked for one by one.") { Double($0.shows) }
        add("malformed_total", .counter, "Answers not of Manila's form.") { Double($0.malformed) }
        add("events_total", .counter, "Events appended.") { Double($0.events) }
        return exposition.text
    }
}
