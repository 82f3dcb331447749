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

    @Test func anImportKilledThirtyTimesIsWholeInTheEnd() async throws {
        var random = SeededRandom(seed: 20_261_123)
        try await withDirectory { directory in
            let cluster = try await Cluster(directory + "/pg")
            try await Migration.migrate(url: cluster.url, partitionEntries: 10_000)
            let file = directory + "/events.ndjson"
            let count = 40_000
            try Lines.text(0..<count).write(toFile: file, atomically: false, encoding: .utf8)
            let arguments = ["import", "--output", "json", "--database", cluster.url, file]
            var ends: [Int32] = []
            for _ in 0..<32 {
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
            #expect(ends.count { $0 == 128 + SIGKILL } >= 20)
            let last = try await Victim.start(arguments).outcome()
            #expect(last.status == 0, "\(last.errors)")
            let summary = try JSON(parsing: last.output)
            #expect((summary["appended"]?.int ?? 0) + (summary["known"]?.int ?? 0) == count)
            try await expectOnceEach((0..<count).map { "e\($0)" }, in: cluster.url)
            await cluster.stop()
        }
    }

    @Test(
        "Every push that was answered is in the log once, where it was told, after any kill", arguments: [Int16(1), 4])
    func answeredPushes(lanes: Int16) async throws {
        try await withDirectory { directory in
            let cluster = try await Cluster(directory + "/pg")
            try await Migration.migrate(url: cluster.url, lanes: lanes, partitionEntries: 10_000)
            try await Pushes.with { pushes in
                var service = try await serve(cluster)
                try await killSixteenTimes(&service, cluster, pushes, seed: UInt64(lanes))
                #expect(pushes.acknowledged.count > 100)
                try await expect(pushes.acknowledged, in: cluster.url)
                // Whatever was sent, answered or not, may be sent again.
                try await pushes.pushAll(service.url)
                try await expect(pushes.acknowledged, in: cluster.url)
                try await expectOnceEach(pushes.sent, in: cluster.url)
                #expect(try await service.program.end(SIGTERM) == 0)
            }
            await cluster.stop()
        }
    }

    private func killSixteenTimes(
        _ service: inout (program: RunningProgram, url: String), _ cluster: Cluster, _ pushes: Pushes, seed: UInt64
    ) async throws {
        var random = SeededRandom(seed: seed)
        for _ in 0..<16 {
            let (program, url) = service
            async let pushing: Void = pushes.run(url)
            try await Task.sleep(for: .milliseconds(Int.random(in: 50...400, using: &random)))
            let kind = Victims.allCases.randomElement(using: &random)!
            if kind != .writer { await cluster.kill() }
            if kind != .postgres { #expect(try await program.end(SIGKILL) == 128 + SIGKILL) }
            // A service whose database comes back in time goes on with what it had taken.
            if kind != .writer { try await cluster.restart() }
            await pushes.stop()
            await pushing
            if kind != .postgres { service = try await serve(cluster) }
        }
    }

    private func serve(_ cluster: Cluster) async throws -> (program: RunningProgram, url: String) {
        let program = try await RunningProgram.start(
            ["serve", "--database", cluster.url, "--listen", "127.0.0.1:0"], ready: "answers at")
        let url = try #require(program.output.firstMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+/)?.0)
        return (program, String(url))
    }

    /// All that was acknowledged is in the log once, and there.
    private func expect(_ acknowledged: [String: String], in url: String) async throws {
        let stored = try await rows(
            url, "SELECT (body::json ->> 'id') || ' ' || lane || '/' || position FROM dossier.entries")
        var places: [String: [String]] = [:]
        for row in stored {
            let parts = row.split(separator: " ").map(String.init)
            places[parts[0], default: []].append(parts[1])
        }
        #expect(acknowledged.filter { places[$0.key] != [$0.value] } == [:])
    }

    /// The log holds `ids`, each once, and nothing else; positions are gapless and the tree is sound.
    private func expectOnceEach(_ ids: [String], in url: String) async throws {
        #expect(try await rows(url, "SELECT body::json ->> 'id' FROM dossier.entries").sorted() == ids.sorted())
        let gaps = try await rows(
            url,
            """
            SELECT lane::text FROM dossier.entries GROUP BY lane
            HAVING count(*) <> max(position) + 1 OR min(position) <> 0 OR count(DISTINCT position) <> count(*)
            """)
        #expect(gaps == [])
        let verify = try await Program.run(["verify", "--database", url])
        #expect(verify.status == 0, "\(verify.output)\(verify.errors)")
    }

    private func rows(_ url: String, _ sql: String) async throws -> [String] {
        let connection = try await Connection.open(url)
        let query = Query<String>(statement: Statement(name: "rows", sql: sql)) { row throws(PostgresError) in
            try row[0]
        }
        let rows = try await connection.run { try $0.fetchAll(query) }
        await connection.close()
        return rows
    }
}

/// SplitMix64. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
private struct SeededRandom: RandomNumberGenerator {
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
