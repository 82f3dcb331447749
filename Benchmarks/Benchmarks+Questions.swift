import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// What was measured at one size of the log.
struct QuestionFigures: Sendable {
    let entries: Int
    /// Closed visits.
    let intervals: Int
    let scan: Double
    let rebuild: Double
    let select: Latency
    let state: Latency
    let history: Latency
    let fleet: Latency
    let capacity: Latency
    let month: Latency
    let alignedMonth: Latency
    let year: Latency
    let lag: Latency
    /// Events a second that were pushed while the lag was measured.
    let rate: Double
}

/// How long something took, again and again, in milliseconds.
struct Latency: Sendable {
    let sorted: [Double]
    init(_ milliseconds: [Double]) { sorted = milliseconds.sorted() }
    func at(_ share: Double) -> Double {
        sorted.isEmpty ? .nan : sorted[min(sorted.count - 1, Int((Double(sorted.count) * share).rounded(.down)))]
    }
    var p50: Double { at(0.5) }
    var p99: Double { at(0.99) }
}

extension Benchmarks {
    /// A fleet as a large cloud has it, on which something happens to a server once in two weeks.
    private static let fleet = [
        "--servers", "20000", "--hosts", "64", "--projects", "256", "--hours-between-acts", "336", "--seed", "7",
    ]
    /// Events a second while the lag of projections is measured. Source: design.
    private static let pushed = 5_000
    private static let pushedFor = Duration.seconds(20)

    /// Fills a log with so many entries and asks the questions of it.
    func questions(entries: Int) async throws -> QuestionFigures {
        say("filling a log with \(entries) entries of 20,000 servers")
        let url = try await database("asked_\(entries)")
        let years = ["--from", "2023-11-01T00:00:00Z", "--events", "\(entries)"]
        let generate = ([dossier, "generate"] + years + Self.fleet).joined(separator: " ")
        let filling = try await seconds {
            try await command(["sh", "-c", "\(generate) | \(dossier) import -"], database: url)
        }
        report("generate and import", entries, filling)
        let scan = try await scanCeiling(url)
        report("sequential scan of entries", entries, scan)
        let rebuild = try await seconds { try await command([dossier, "rebuild"], database: url) }
        report("rebuild of all projections", entries, rebuild)
        let select = try await selectCeiling()
        let intervals = try await value("select count(*) from dossier.status_intervals", of: url)
        let servers = try await command(
            [
                "psql", "--no-psqlrc", "--tuples-only", "--no-align", "--dbname", url, "--command",
                "select server_id from dossier.servers order by md5(server_id::text) limit 2000",
            ], database: url
        ).split(separator: "\n").map(String.init)
        let end = try await value("select extract(epoch from max(occurred_at))::bigint from dossier.entries", of: url)
        return try await serving(url) { service in
            try await ask(
                service, servers, end: end, entries: entries, intervals: intervals, scan: scan, rebuild: rebuild,
                select: select)
        }
    }

    private func ask(
        _ service: String, _ servers: [String], end: Int, entries: Int, intervals: Int, scan: Double, rebuild: Double,
        select: Latency
    ) async throws -> QuestionFigures {
        func moment(_ secondsBefore: Int) -> String {
            Date(timeIntervalSince1970: Double(end - secondsBefore)).formatted(.iso8601)
        }
        let day = 86_400
        // The last whole hour, so that windows of whole hours end there.
        let whole = end % 3600
        let states = servers.map { "/v1/servers/\($0)" }
        let histories = servers.map { "/v1/servers/\($0)/history" }
        func window(_ path: String, _ from: Int, _ until: Int) -> [String] {
            ["\(path)?from=\(moment(from))&until=\(moment(until))"]
        }
        let fleet = (1...20).map { "/v1/servers?limit=1000&at=\(moment($0 * 7 * 3600))" }
        let times = "/v1/metrics/time-in-state"
        let state = try await latency(states, of: service, count: 4000)
        let history = try await latency(histories, of: service, count: 4000)
        let page = try await latency(fleet, of: service, count: 40)
        let capacity = try await latency(
            window("/v1/metrics/capacity", 10 * day, 10 * day - 1), of: service, count: 20)
        let month = try await latency(window(times, 30 * day + 1234, 1234), of: service, count: 20)
        let aligned = try await latency(window(times, 30 * day + whole, whole), of: service, count: 20)
        let year = try await latency(window(times, 365 * day + whole, whole), of: service, count: 5)
        let (lag, rate) = try await lagWhilePushing(to: service)
        return QuestionFigures(
            entries: entries, intervals: intervals, scan: scan, rebuild: rebuild, select: select, state: state,
            history: history, fleet: page, capacity: capacity, month: month, alignedMonth: aligned, year: year,
            lag: lag, rate: rate)
    }

    /// Asks one after another, the first tenth not counted: what is cached by then stays so.
    private func latency(_ paths: [String], of service: String, count: Int) async throws -> Latency {
        var milliseconds: [Double] = []
        for index in 0..<count + count / 10 + 1 {
            let request = HTTPClientRequest(url: service + paths[index % paths.count])
            let time = try await seconds {
                let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
                let body = try await response.body.collect(upTo: 64 << 20)
                guard response.status == .ok else {
                    throw BenchmarkFault("\(request.url) was answered: \(String(buffer: body).prefix(500))")
                }
            }
            if index > count / 10 { milliseconds.append(time * 1000) }
        }
        return Latency(milliseconds)
    }

    /// How far the projections are behind while events come in steadily, as answers state it; and how many came.
    private func lagWhilePushing(to service: String) async throws -> (Latency, rate: Double) {
        let batch = 50
        let pause = Duration.milliseconds(1000 * batch / Self.pushed)
        let clock = ContinuousClock()
        var workload = Workload(seed: 99)
        let bodies = (0..<Int(Self.pushedFor / pause)).map { _ in
            ByteBuffer(string: (0..<batch).map { _ in workload.nextEvent() }.joined(separator: "\n"))
        }
        return try await withThrowingTaskGroup(of: Double.self) { group in
            group.addTask {
                let begun = clock.now
                try await withThrowingTaskGroup(of: Void.self) { pushes in
                    for (index, body) in bodies.enumerated() {
                        try await clock.sleep(until: begun + pause * index)
                        // A push that takes longer than the pause does not hold up the next one, up to eight at a time.
                        if index >= 8 { try await pushes.next() }
                        pushes.addTask { try await push(body, to: service) }
                    }
                    try await pushes.waitForAll()
                }
                let duration = (clock.now - begun) / .seconds(1)
                return Double(bodies.count * batch) / duration
            }
            let begun = clock.now
            var lags: [Double] = []
            while clock.now - begun < Self.pushedFor {
                let request = HTTPClientRequest(url: service + "/v1/servers?limit=1")
                let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
                let body = Data(try await response.body.collect(upTo: 1 << 20).readableBytesView)
                let answer = try JSONSerialization.jsonObject(with: body) as? [String: Any]
                guard let lag = (answer?["as_of"] as? [String: Any])?["lag_s"] as? Double else {
                    throw BenchmarkFault("an answer states no lag")
                }
                lags.append(lag * 1000)
                try await clock.sleep(for: .milliseconds(7))
            }
            let rate = try await group.next() ?? 0
            return (Latency(lags), rate)
        }
    }
}
