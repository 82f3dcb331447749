import DatabaseTesting
import Foundation
import Postgres
import Schema
import ShareServers
import Testing

/// The promise: what was acknowledged is in the log exactly once, after any kill.
@Suite(.timeLimit(.minutes(20))) struct CrashTests {
    private enum Victims: CaseIterable {
        case writer, postgres, both
    }

    @Test func anImportKilledAgainAndAgainIsWholeInTheEnd() async throws {
        var random = SeededRandom(seed: 20_261_123)
        try await withDirectory { directory in
            let cluster = try await Cluster(directory + "/pg")
            try await Migration.migrate(url: cluster.url, partitionEntries: 10_000)
            let file = directory + "/events.ndjson"
            let count = 40_000
            let kills = 24
            try Lines.text(0..<count).write(toFile: file, atomically: false, encoding: .utf8)
            let arguments = ["import", "--output", "json", "--database", cluster.url, file]
            var ends: [Int32] = []
            for _ in 0..<kills {
                let victim = try await Victim.start(arguments)
                try await Task.sleep(for: .milliseconds(Int.random(in: 50...900, using: &random)))
                let kind = Victims.allCases.randomElement(using: &random)!
                if kind != .writer { await cluster.kill() }
                if kind != .postgres { ends.append(try await victim.kill().status) }
                if kind != .writer { try await cluster.restart() }
                // An import whose database comes back goes on by itself, until it is killed in its turn.
                if kind == .postgres {
                    try await Task.sleep(for: .milliseconds(Int.random(in: 0...400, using: &random)))
                    ends.append(try await victim.kill().status)
                }
            }
            // Most were killed at work; one that had ended before was whole.
            #expect(ends.count { $0 == 128 + SIGKILL } >= kills / 2)
            let last = try await Victim.start(arguments).outcome()
            #expect(last.status == 0, "\(last.errors)")
            let summary = try JSON(parsing: last.output)
            print("Killed an import \(ends.count { $0 == 128 + SIGKILL }) times at work, in \(kills) rounds")
            #expect((summary["appended"]?.int ?? 0) + (summary["known"]?.int ?? 0) == count)
            try await StoredLog(url: cluster.url).expectOnceEach((0..<count).map { "e\($0)" })
            await cluster.stop()
        }
    }
}

/// SplitMix64. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
