import EmbeddedPostgres
import Foundation
import Postgres
import Schema

/// How fast, as ratios to ceilings measured in the same run on the same machine.
///
/// `Benchmarks [EVENTS [ENTRIES…]]`: what takes events in with so many of them, a million by default; then questions of
/// logs of so many entries, a million and ten million by default; then the gateway, under load for a minute.
/// `Benchmarks gateway [MINUTES]`: the gateway alone. PostgreSQL is durable (fsync on) and lies below the folder that the
/// environment's BENCH_DIR names, the temporary one otherwise.
@main
struct Benchmarks {
    let events: Int
    let sizes: [Int]
    let directory: String
    let dossier: String
    let postgres: EmbeddedPostgres

    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        let events = arguments.first ?? 1_000_000
        let sizes = arguments.count > 1 ? Array(arguments.dropFirst()) : [1_000_000, 10_000_000]
        let parent = ProcessInfo.processInfo.environment["BENCH_DIR"] ?? NSTemporaryDirectory()
        let directory = parent + (parent.hasSuffix("/") ? "" : "/") + "dossier-bench-\(getpid())"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        // PostgreSQL may run as another user than this process.
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory)
        let binary = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("dossier").path
        guard FileManager.default.isExecutableFile(atPath: binary) else {
            throw BenchmarkFault("no \(binary): build the product dossier in the same configuration first")
        }
        let postgres = try await EmbeddedPostgres.start(directory: directory + "/postgres", throwaway: false)
        let benchmarks = Benchmarks(
            events: events, sizes: sizes, directory: directory, dossier: binary, postgres: postgres)
        let isGatewayAlone = CommandLine.arguments.dropFirst().first == "gateway"
        let failure: (any Error)?
        do {
            if isGatewayAlone {
                try await benchmarks.gateway(minutes: arguments.first.map(Double.init) ?? 1)
            } else {
                if events > 0 { try await benchmarks.run() }
                try await benchmarks.ask()
                try await benchmarks.gateway(minutes: 1)
            }
            failure = nil
        } catch {
            failure = error
        }
        await postgres.stop()
        try? FileManager.default.removeItem(atPath: directory)
        if let failure { throw failure }
    }

    private func run() async throws {
        let file = directory + "/events.ndjson"
        say("writing \(events) events")
        var workload = Workload(seed: 1)
        try workload.write(events, to: file)
        let bytes = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int ?? 0
        say("\(bytes / max(events, 1)) bytes an event\n")

        let url = try await database("imported")
        let importing = try await seconds { try await command([dossier, "import", file], database: url) }
        report("import", events, importing)

        let ceiling = try await copyCeiling(from: url)
        report("copy (ceiling)", events, ceiling)
        ratio("import ÷ copy", ceiling / importing, aim: "≥ 0.8")
        let copyRate = Double(events) / ceiling

        let push = try await pushBatches(clients: 8, batch: 100, batches: max(events / 500, 8))
        report("push, 8 clients × 100", push.events, push.seconds)
        ratio("push ÷ copy", Double(push.events) / push.seconds / copyRate, aim: "≥ 0.5")

        let singles = try await pushSingles(clients: 32)
        say(line("push, 32 clients × 1", String(format: "%10.0f events/s", singles)))
        let inserts = try await insertCeiling(clients: 32)
        say(line("single-row INSERT commits, 32 clients", String(format: "%10.0f events/s", inserts)))
        ratio("single push ÷ INSERT", singles / inserts, aim: "≥ 3")

        let scan = try await scanCeiling(url)
        report("sequential scan of entries", events, scan)
        let rebuilding = try await seconds { try await command([dossier, "rebuild"], database: url) }
        report("rebuild of all projections", events, rebuilding)
        ratio("rebuild ÷ scan", rebuilding / scan, aim: "≤ 10")
    }

    /// Questions at each size, and how their figures grow from one to the next.
    private func ask() async throws {
        var former: QuestionFigures?
        for size in sizes {
            let figures = try await questions(entries: size)
            tell(figures, after: former)
            former = figures
        }
    }

    private func tell(_ figures: QuestionFigures, after former: QuestionFigures?) {
        say("\n\(figures.entries) entries, \(figures.intervals) closed visits")
        ratio("rebuild ÷ scan", figures.rebuild / figures.scan, aim: "≤ 10")
        func tell(_ what: String, _ member: KeyPath<QuestionFigures, Latency>, aim: String) {
            let latency = figures[keyPath: member]
            let growth = former.map {
                String(format: "   %5.2f × as long as before", latency.p50 / $0[keyPath: member].p50)
            }
            say(
                line(what, String(format: "p50 %8.2f ms   p99 %8.2f ms   aim ", latency.p50, latency.p99) + aim)
                    + (growth ?? ""))
        }
        tell("pgbench -S (ceiling)", \.select, aim: "-")
        tell("one server's state", \.state, aim: "p99 ≤ 10 ms")
        tell("one server's history", \.history, aim: "p99 ≤ 10 ms")
        let select = figures.select.p99
        ratio("state p99 ÷ select p99", figures.state.p99 / select, aim: "≤ 3")
        ratio("history p99 ÷ select p99", figures.history.p99 / select, aim: "≤ 3")
        tell("fleet at a moment, a page of 1,000", \.fleet, aim: "≤ 50 ms")
        tell("fleet at a moment, by class", \.capacity, aim: "≤ 50 ms")
        tell("fleet time-in-state, 30 days", \.month, aim: "≤ 100 ms")
        tell("the same, of whole hours", \.alignedMonth, aim: "≤ 10 ms")
        tell("fleet time-in-state, a year", \.year, aim: "-")
        say(line("pushed meanwhile", String(format: "%.0f events/s", figures.rate)))
        tell("projection lag", \.lag, aim: "p99 ≤ 100 ms")
    }

    // MARK: Output

    /// Writes a line at once, into a pipe too.
    func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    func line(_ what: String, _ figure: String) -> String {
        what.padding(toLength: 40, withPad: " ", startingAt: 0) + figure
    }

    func report(_ what: String, _ events: Int, _ seconds: Double) {
        let rate = Double(events) / seconds
        say(line(what, String(format: "%10.0f events/s   %8.2f s   %6.2f µs/event", rate, seconds, 1e6 / rate)))
    }

    func ratio(_ what: String, _ value: Double, aim: String) {
        say(line("  " + what, String(format: "%10.2f            aim ", value) + aim) + "\n")
    }
}
