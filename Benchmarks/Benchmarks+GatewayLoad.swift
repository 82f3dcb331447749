import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// What callers were answered.
private final class Answers: Sendable {
    struct Counts: Sendable {
        var accepted = 0
        var read = 0
        /// 503 with `Retry-After`: not passed on.
        var refused = 0
        var other = 0
        /// Not sent, because too many were under way.
        var heldBack = 0
        var underWay = 0
        var longest = 0.0
    }
    private let state = Mutex(Counts())

    var counts: Counts { state.withLock { $0 } }
    func count<Output: Sendable>(_ body: (inout Counts) -> Output) -> Output { state.withLock { body(&$0) } }
}

extension Benchmarks {
    /// Calls under way at once.
    private static let callers = 256

    /// Offers twice what callers get who wait for each other's answers, PostgreSQL away for the middle third, and tells
    /// what was lost, what was refused, and how much memory it took.
    func load(_ passing: PassingThrough, _ cluster: Cluster, minutes: Double) async throws {
        let client = try Self.client()
        let result: Result<Void, any Error>
        do {
            let answers = Answers()
            let sustained = try await sustained(passing, client, answers)
            say(line("gateway, \(Self.callers) callers", String(format: "%10.0f calls/s", sustained)))
            let memory = Memory(of: passing.process)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await memory.watch() }
                try await offer(2 * sustained, for: .seconds(minutes * 20), to: passing, client, answers)
                let before = answers.counts
                await cluster.stop()
                try await offer(2 * sustained, for: .seconds(minutes * 20), to: passing, client, answers)
                let away = answers.counts
                try await cluster.start()
                try await offer(2 * sustained, for: .seconds(minutes * 20), to: passing, client, answers)
                group.cancelAll()
                tell(before, away, answers.counts, minutes: minutes)
            }
            try await tellLosses(passing, answers.counts)
            say(line("memory of the gateway", memory.summary))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        try await client.shutdown()
        try result.get()
    }

    private static func client() throws -> HTTPClient {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = callers
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// One call in three changes something.
    private static func call(
        _ number: Int, _ passing: PassingThrough, _ client: HTTPClient, _ answers: Answers
    ) async throws {
        let kind: Passing = number.isMultiple(of: 3) ? .change : .read
        let clock = ContinuousClock()
        let begun = clock.now
        let response = try await client.execute(kind.request(to: passing.proxy), timeout: .seconds(120))
        _ = try await response.body.collect(upTo: 1 << 20)
        let milliseconds = (clock.now - begun) / .milliseconds(1)
        answers.count { counts in
            counts.longest = max(counts.longest, milliseconds)
            switch response.status.code {
            case 200: counts.read += 1
            case 202: counts.accepted += 1
            case 503 where response.headers.contains(name: "Retry-After"): counts.refused += 1
            default: counts.other += 1
            }
        }
    }

    /// Calls a second that so many callers get, each of which waits for its answer before it calls again.
    private func sustained(
        _ passing: PassingThrough, _ client: HTTPClient, _ answers: Answers
    ) async throws -> Double {
        let time = Duration.seconds(10)
        try await withThrowingTaskGroup(of: Void.self) { group in
            let end = ContinuousClock.now + time
            for caller in 0..<Self.callers {
                group.addTask {
                    var number = caller
                    while .now < end {
                        try await Self.call(number, passing, client, answers)
                        number += 1
                    }
                }
            }
            try await group.waitForAll()
        }
        let counts = answers.counts
        return Double(counts.accepted + counts.read) / (time / .seconds(1))
    }

    /// Sends so many calls a second, whatever becomes of those before, as long as not too many are under way.
    private func offer(
        _ rate: Double, for time: Duration, to passing: PassingThrough, _ client: HTTPClient, _ answers: Answers
    ) async throws {
        let begun = ContinuousClock.now
        try await withThrowingDiscardingTaskGroup { group in
            for number in 0..<Int(rate * (time / .seconds(1))) {
                let due = begun + .seconds(Double(number) / rate)
                if due > .now { try await Task.sleep(until: due) }
                let isSent = answers.count { counts in
                    guard counts.underWay < Self.callers else {
                        counts.heldBack += 1
                        return false
                    }
                    counts.underWay += 1
                    return true
                }
                guard isSent else { continue }
                group.addTask {
                    defer { answers.count { $0.underWay -= 1 } }
                    try await Self.call(number, passing, client, answers)
                }
            }
        }
    }

    // MARK: What is told

    private func tell(_ before: Answers.Counts, _ away: Answers.Counts, _ after: Answers.Counts, minutes: Double) {
        let seconds = minutes * 20
        func tell(_ what: String, _ counts: Answers.Counts, since former: Answers.Counts) {
            let answered = counts.accepted + counts.read - former.accepted - former.read
            say(
                line("  \(what)", String(format: "%10.0f calls/s", Double(answered) / seconds))
                    + "   refused with Retry-After \(counts.refused - former.refused)"
                    + "   otherwise \(counts.other - former.other)   held back \(counts.heldBack - former.heldBack)")
        }
        say("twice as many offered, for \(minutes) minutes")
        tell("PostgreSQL there", before, since: .init())
        tell("PostgreSQL away, a spool of 4 MiB", away, since: before)
        tell("PostgreSQL back", after, since: away)
        say(line("longest call", String(format: "%10.0f ms", after.longest)))
    }

    /// Every call that was answered is in the log once, and every counter of a loss is zero.
    private func tellLosses(_ passing: PassingThrough, _ counts: Answers.Counts) async throws {
        var metrics = ""
        let deadline = ContinuousClock.now + .seconds(120)
        while !metrics.contains("dossier_recorder_destination{to=\"log\"} 1") {
            guard .now < deadline else { throw BenchmarkFault("the spool is not drained within two minutes") }
            try await Task.sleep(for: .milliseconds(200))
            let answer = try await HTTPClient.shared.execute(
                HTTPClientRequest(url: passing.operations + "/metrics"), timeout: .seconds(30))
            metrics = String(buffer: try await answer.body.collect(upTo: 1 << 20))
        }
        let losses = [
            "dossier_gateway_unrecorded_total", "dossier_gateway_unanswered_total", "dossier_recorder_conflicts_total",
            "dossier_recorder_spool_torn_bytes_total", "dossier_recorder_spool_damaged_bytes_total",
        ]
        let lost = losses.filter { !metrics.contains("\n\($0) 0\n") }
        let rows = "from dossier.entries where body::json ->> 'source' = '/gateway/loaded' and http_status"
        let changes = try await value("select count(distinct request_id) \(rows) = 202", of: passing.database)
        let reads = try await value("select count(distinct request_id) \(rows) = 200", of: passing.database)
        say(
            line("lost", "\(counts.accepted - changes) of \(counts.accepted) changes, ")
                + "\(counts.read - reads) of \(counts.read) reads; counters of losses "
                + (lost.isEmpty ? "all 0" : "not 0: \(lost.joined(separator: ", "))"))
    }
}

/// What a process takes of the machine's memory, in MiB, twice a second.
private final class Memory: Sendable {
    private let process: Int32
    private let sizes = Mutex<[Int]>([])

    init(of process: Int32) { self.process = process }

    func watch() async throws {
        while !Task.isCancelled {
            let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
            let words = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }?.split(separator: " ")
            if let words, words.count > 1, let size = Int(words[1]) { sizes.withLock { $0.append(size / 1024) } }
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    /// Flat where the last figure is that of the first third.
    var summary: String {
        let sizes = sizes.withLock { $0 }
        guard let last = sizes.last else { return "unknown" }
        let third = sizes.prefix(max(1, sizes.count / 3))
        return "\(third.max() ?? 0) MiB at most in the first third, \(sizes.max() ?? 0) in all, \(last) in the end"
    }
}
