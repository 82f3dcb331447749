import AsyncHTTPClient
import DatabaseTesting
import Foundation
import Schema
import Synchronization
import Testing

/// Everything at once, under load, killed at random: services with their projections, gateways, imports, rebuilds, and
/// PostgreSQL.
///
/// `DOSSIER_KILLS` says how many processes are killed, `DOSSIER_SEED` in which order.
@Suite(.serialized, .timeLimit(.minutes(240))) struct KillTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let kills = environment["DOSSIER_KILLS"].flatMap { Int($0) } ?? 32
    private static let seed = environment["DOSSIER_SEED"].flatMap { UInt64($0) } ?? 20_261_126

    @Test(
        "Whatever is killed, all that was answered is in the log once, and the rest goes on", arguments: [Int16(1), 4])
    func killed(lanes: Int16) async throws {
        let begun = ContinuousClock.now
        try await withDirectory { directory in
            let cluster = try await Cluster(directory + "/pg")
            try await Migration.migrate(url: cluster.url, lanes: lanes, partitionEntries: 10_000)
            try await RunningGateway.withClient { client in
                try await SlowManila.with { manila, upstream in
                    try await Pushes.with(servers: Lines.servers(0..<16), pause: .milliseconds(20)) { pushes in
                        var scene = try await Scene(directory, cluster, upstream, pushes, client, seed: Self.seed)
                        while scene.killed.values.reduce(0, +) < max(1, Self.kills / 2) { try await scene.round() }
                        try await expectWhole(scene, passedOn: manila.count)
                        let figures = scene.killed.map { "\($0.value) × \($0.key)" }.sorted()
                        print(
                            """
                            Killed with \(lanes) lanes, in \(scene.rounds) rounds: \(figures.joined(separator: ", ")); \
                            \(pushes.acknowledged.count) pushed events, \(scene.answered.ids.withLock { $0.count }) calls \
                            and \(scene.imported.count) imported events acknowledged; none lost, none doubled; \
                            \(begun.duration(to: .now).components.seconds) s
                            """)
                        let status = try await scene.service.program.end(SIGTERM)
                        #expect(status == 0)
                    }
                }
            }
            await cluster.stop()
        }
    }

    private func expectWhole(_ scene: Scene, passedOn: Int) async throws {
        let log = StoredLog(url: scene.cluster.url)
        let pushes = scene.pushes
        #expect(pushes.acknowledged.count > 100)
        #expect(scene.answered.ids.withLock { $0.count } > 0)
        try await log.expect(pushes.acknowledged)
        // Whatever was sent, answered or not, may be sent again.
        try await pushes.pushAll(scene.service.url)
        try await log.expect(pushes.acknowledged)
        try await scene.importAll()
        try await log.expectOnceEach(pushes.sent + scene.imported.map { "e\($0)" })
        try await scene.gateway.recordsDirectly(scene.client)
        try await log.expectCalls(scene.answered.ids.withLock { $0 }, passedOn: passedOn)
        // Its signs of life would be in the log by the time that it is rebuilt.
        let status = try await scene.gateway.program.end(SIGTERM)
        #expect(status == 0)
        try await log.expectProjectionsAsRebuilt()
    }
}

/// What runs, and what has been killed of it.
private struct Scene {
    private enum Part: String, CaseIterable {
        case service, gateway, `import`, rebuild
        case postgres = "PostgreSQL"
    }

    let cluster: Cluster
    let pushes: Pushes
    let client: HTTPClient
    let answered = Answered()
    private(set) var service: (program: RunningProgram, url: String)
    private(set) var gateway: RunningGateway
    private(set) var rounds = 0
    private(set) var killed: [String: Int] = [:]
    private let directory: String
    private let upstream: String
    private var random: SeededRandom

    /// Numbers of imported events; those that are pushed stay below.
    var imported: Range<Int> { 10_000_000..<10_000_000 + 200 * rounds }

    init(
        _ directory: String, _ cluster: Cluster, _ upstream: String, _ pushes: Pushes, _ client: HTTPClient,
        seed: UInt64
    ) async throws {
        (self.directory, self.cluster, self.upstream, self.pushes, self.client) =
            (directory, cluster, upstream, pushes, client)
        random = SeededRandom(seed: seed)
        service = try await RunningProgram.serve(cluster.url)
        gateway = try await RunningGateway.start(cluster.url, upstream, directory + "/spool")
    }

    /// Lets everything work for a moment, kills some of it, and starts it again.
    mutating func round() async throws {
        rounds += 1
        let victims = Part.allCases.filter { _ in Int.random(in: 0..<5, using: &random) < 2 }
        let (pushes, url, answered, gateway, client) = (pushes, service.url, answered, self.gateway, client)
        async let pushing: Void = pushes.run(url)
        let asking = Task {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<2 { group.addTask { await answered.ask(gateway, client) } }
            }
        }
        let importing = try await victims.contains(.import) ? Victim.start(importing(imported.suffix(200))) : nil
        let rebuilding =
            try await victims.contains(.rebuild) ? Victim.start(["rebuild", "--database", cluster.url]) : nil
        try await Task.sleep(for: .milliseconds(Int.random(in: 20...500, using: &random)))
        if victims.contains(.postgres) {
            await cluster.kill()
            count(.postgres)
        }
        if victims.contains(.service), try await service.program.end(SIGKILL) == 128 + SIGKILL { count(.service) }
        if victims.contains(.gateway), try await gateway.program.end(SIGKILL) == 128 + SIGKILL { count(.gateway) }
        for (part, victim) in [(Part.import, importing), (.rebuild, rebuilding)] {
            if let victim, try await victim.kill().status == 128 + SIGKILL { count(part) }
        }
        // What was not killed goes on by itself, also once the database is back.
        if victims.contains(.postgres) { try await cluster.restart() }
        await pushes.stop()
        await pushing
        asking.cancel()
        await asking.value
        if victims.contains(.service) { service = try await RunningProgram.serve(cluster.url) }
        if victims.contains(.gateway) {
            self.gateway = try await RunningGateway.start(cluster.url, upstream, directory + "/spool")
        }
    }

    private mutating func count(_ part: Part) { killed[part.rawValue, default: 0] += 1 }

    private func importing(_ numbers: Range<Int>) throws -> [String] {
        let file = directory + "/\(numbers.lowerBound).ndjson"
        try Lines.text(numbers, of: Lines.servers(16..<32)).write(toFile: file, atomically: false, encoding: .utf8)
        return ["import", "--database", cluster.url, file]
    }

    /// Imports again all that was imported, killed at it or not.
    func importAll() async throws {
        let outcome = try await Program.run(importing(imported))
        #expect(outcome.status == 0, "\(outcome)")
    }
}

extension RunningProgram {
    /// A `dossier serve`, and where it answers.
    static func serve(
        _ database: String, environment: [String: String] = [:]
    ) async throws -> (program: RunningProgram, url: String) {
        let program = try await start(
            ["serve", "--database", database, "--listen", "127.0.0.1:0"], environment: environment, ready: "answers at")
        let url = try #require(program.output.firstMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+/)?.0)
        return (program, String(url))
    }
}
