import EmbeddedPostgres
import Foundation
import Postgres
import Schema

/// How fast, as ratios to ceilings measured in the same run on the same machine.
///
/// `Benchmarks [EVENTS]`: a million by default. PostgreSQL is durable (fsync on) and lies below the folder that the
/// environment's BENCH_DIR names, the temporary one otherwise.
@main
struct Benchmarks {
    let events: Int
    let directory: String
    let dossier: String
    let postgres: EmbeddedPostgres

    static func main() async throws {
        let events = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 1_000_000
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
        let benchmarks = Benchmarks(events: events, directory: directory, dossier: binary, postgres: postgres)
        let failure: (any Error)?
        do {
            try await benchmarks.run()
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

    // MARK: Output

    /// Writes a line at once, into a pipe too.
    private func say(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

    private func line(_ what: String, _ figure: String) -> String {
        what.padding(toLength: 40, withPad: " ", startingAt: 0) + figure
    }

    private func report(_ what: String, _ events: Int, _ seconds: Double) {
        let rate = Double(events) / seconds
        say(line(what, String(format: "%10.0f events/s   %8.2f s   %6.2f µs/event", rate, seconds, 1e6 / rate)))
    }

    private func ratio(_ what: String, _ value: Double, aim: String) {
        say(line("  " + what, String(format: "%10.2f            aim ", value) + aim) + "\n")
    }
}
