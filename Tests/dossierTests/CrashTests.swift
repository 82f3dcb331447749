import AsyncHTTPClient
import DatabaseTesting
import Foundation
import NIOCore
import NIOHTTP1
import Postgres
import Schema
import ShareServers
import Synchronization
import Testing

/// The promise: what was acknowledged is in the log exactly once, after any kill.
@Suite(.timeLimit(.minutes(15))) struct CrashTests {
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

    @Test func everyPushThatWasAnsweredSurvivesTheKill() async throws {
        var random = SeededRandom(seed: 4)
        try await withDirectory { directory in
            let cluster = try await Cluster(directory + "/pg")
            try await Migration.migrate(url: cluster.url, lanes: 4, partitionEntries: 10_000)
            let pushes = Pushes()
            var service = try await serve(cluster)
            for _ in 0..<16 {
                let url = service.url
                async let pushing: Void = pushes.run(url)
                try await Task.sleep(for: .milliseconds(Int.random(in: 100...700, using: &random)))
                let kind = Victims.allCases.randomElement(using: &random)!
                if kind != .writer { await cluster.kill() }
                if kind != .postgres { _ = try await service.program.end(SIGKILL) }
                await pushes.stop()
                await pushing
                if kind != .writer { try await cluster.restart() }
                if kind != .postgres { service = try await serve(cluster) }
            }
            let acknowledged = pushes.acknowledged
            #expect(acknowledged.count > 100)
            try await expect(acknowledged, in: cluster.url)
            // Whatever was sent, answered or not, may be sent again.
            try await pushes.pushAll(service.url)
            try await expectOnceEach(pushes.sent, in: cluster.url)
            #expect(try await service.program.end(SIGTERM) == 0)
            await cluster.stop()
        }
    }

    private func serve(_ cluster: Cluster) async throws -> (program: RunningProgram, url: String) {
        let program = try await RunningProgram.start(
            ["serve", "--database", cluster.url, "--listen", "127.0.0.1:0"], ready: "answers at")
        let url = try #require(program.output.firstMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+/)?.0)
        return (program, String(url))
    }

    /// All of `ids` are in the log, each once.
    private func expect(_ ids: Set<String>, in url: String) async throws {
        let stored = try await rows(url, "SELECT body::json ->> 'id' FROM dossier.entries")
        let counts = Dictionary(stored.map { ($0, 1) }, uniquingKeysWith: +)
        #expect(ids.filter { counts[$0] != 1 } == [])
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

/// Clients that push batches until they are stopped, and know what was answered.
private final class Pushes: Sendable {
    private struct State {
        var sent = 0
        var acknowledged: Set<Int> = []
        var isStopped = false
    }
    private let state = Mutex(State())
    private static let batch = 20

    var sent: [String] { (0..<state.withLock { $0.sent }).map { "e\($0)" } }
    var acknowledged: Set<String> { Set(state.withLock { $0.acknowledged }.map { "e\($0)" }) }

    func run(_ url: String) async {
        state.withLock { $0.isStopped = false }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    while let range = self.next() {
                        // What fails stays unanswered, and comes again in the end.
                        if (try? await self.push(range, to: url)) == true {
                            self.state.withLock { $0.acknowledged.formUnion(range) }
                        }
                    }
                }
            }
        }
    }

    func stop() async { state.withLock { $0.isStopped = true } }

    func pushAll(_ url: String) async throws {
        for start in stride(from: 0, to: state.withLock { $0.sent }, by: Self.batch) {
            #expect(try await push(start..<start + Self.batch, to: url))
        }
    }

    private func next() -> Range<Int>? {
        state.withLock { state in
            guard !state.isStopped else { return nil }
            state.sent += Self.batch
            return state.sent - Self.batch..<state.sent
        }
    }

    /// Whether the service answered that all of it is in the log.
    private func push(_ range: Range<Int>, to url: String) async throws -> Bool {
        var request = HTTPClientRequest(url: url + "/v1/events")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-ndjson")
        request.body = .bytes(ByteBuffer(string: Lines.text(range)))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        _ = try await response.body.collect(upTo: 1 << 20)
        return response.status == .ok
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
