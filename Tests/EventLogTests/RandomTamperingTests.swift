import DatabaseTesting
import Foundation
import Postgres
import ShareServers
import Testing
import TransparencyLog

@testable import EventLog

/// Whatever somebody with a superuser's rights does to a log is found with a checkpoint, where it was done.
///
/// `DOSSIER_TAMPERS` says how many changes are tried, `DOSSIER_SEED` the seed of the first; each has a seed of its own, so
/// that one that fails is tried again alone.
@Suite(.database, .timeLimit(.minutes(240))) struct RandomTamperingTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let tampers = environment["DOSSIER_TAMPERS"].flatMap { Int($0) } ?? 160
    private static let seed = environment["DOSSIER_SEED"].flatMap { UInt64($0) } ?? 20_261_126

    @Test("Each of many random changes is found, and its place", arguments: [Int16(1), 3])
    func found(lanes: Int16) async throws {
        let (url, log) = try await filled(lanes)
        let connection = try await Connection.open(url, setup: ["SET session_replication_role = replica"])
        var figures: [String: Int] = [:]
        var failures = 0
        let begun = ContinuousClock.now
        // Of two logs, each gets half of them.
        let count = UInt64(max(1, Self.tampers / 2))
        for seed in Self.seed..<Self.seed + count {
            let (kind, tampering) = RandomTamperingKind.random(log, seed: seed)
            figures[kind, default: 0] += 1
            let wrong = try await connection.run { try Self.wrong(tampering, log, isThorough: seed % 8 == 0, on: $0) }
            if let wrong {
                failures += 1
                if failures <= 20 {
                    Issue.record("DOSSIER_SEED=\(seed), \(lanes) lanes, \(kind): \(tampering.what): \(wrong)")
                }
            }
        }
        // Everything was taken back: what was found was found of one change each.
        for lane in 0..<lanes {
            let fault = try await connection.run {
                try Verification.verify(lane: Lane(lane), checkpoints: log.checkpoints[Int(lane)], on: $0).fault
            }
            #expect(fault == nil)
        }
        await connection.close()
        report(figures, failures, of: count, lanes, begun.duration(to: .now))
    }

    private func report(_ figures: [String: Int], _ failures: Int, of count: UInt64, _ lanes: Int16, _ time: Duration) {
        let kinds = figures.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "  \($0.value)\t\($0.key)\n" }
        print(
            """
            Tampered with a log of \(lanes) lanes \(count) times in \(kinds.count) ways, from seed \(Self.seed): \
            \(count - UInt64(failures)) found where they were made, \(failures) not; \(time.components.seconds) s
            \(kinds.joined())
            """)
    }

    /// What is not as it should be when a lane that was tampered with is verified; nil where all is. The change is undone.
    private static func wrong(
        _ tampering: RandomTampering, _ log: UntamperedLog, isThorough: Bool, on connection: isolated Connection
    ) throws -> String? {
        func verify(_ lane: Int16, _ checkpoints: [Checkpoint]) throws -> Verification.Fault? {
            try Verification.verify(lane: Lane(lane), checkpoints: checkpoints, on: connection).fault
        }
        try connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        defer { try? connection.execute("ROLLBACK") }
        try connection.execute(tampering.sql)
        let expected = tampering.named
        guard let fault = try verify(tampering.lane, log.checkpoints[Int(tampering.lane)]) else { return "not found" }
        let named = fault.position.index..<fault.position.index + fault.span
        guard named == expected, fault.position.lane.number == tampering.lane else {
            return "\(named) named instead of \(expected): \(fault)"
        }
        if tampering.isSoundInItself, let fault = try verify(tampering.lane, []) {
            return "no checkpoint was needed to see \(fault)"
        }
        for lane in 0..<log.lanes where isThorough && lane != tampering.lane {
            let fault = try verify(lane, log.checkpoints[Int(lane)])
            guard fault?.position.index == tampering.beside[lane], fault?.span ?? 1 == 1 else {
                return "in lane \(lane) \(fault.map { "\($0)" } ?? "nothing") instead of \(tampering.beside)"
            }
        }
        return nil
    }

    // MARK: - The log

    /// Two partitions in one lane, one in the others; none ends with a whole block of 256.
    private static let sizes = [1300, 700, 300]

    private func filled(_ lanes: Int16) async throws -> (url: String, log: UntamperedLog) {
        let log = try await TestLog.open(lanes: lanes)
        // The same whatever is tried with it, so that what is tried is the same by its seed.
        var random = SplitMix(seed: 20_261_126)
        var (lines, recorded, checkpoints) = ([[String]](), [[Int64]](), [[Checkpoint]]())
        for lane in log.lanes {
            // One source a lane: an event of the same source, id and time would be the same event.
            let events = try Made.events(
                0..<Self.sizes[Int(lane.number)], of: Made.server(inLane: lane.number, of: lanes),
                source: "/test/\(lane)")
            for piece in random.pieces(of: events, upTo: 300) { try await log.append(new: piece) }
            let bodies = try await log.export(lane)
            lines.append(bodies)
            recorded.append(try bodies.map { try Event.stored(Array($0.utf8)).recordedAt.microseconds })
            let sizes = Set((0..<4).map { _ in Int.random(in: 1..<bodies.count, using: &random) } + [bodies.count])
            checkpoints.append(
                try sizes.sorted().map { size in
                    try Checkpoint(
                        origin: "audit.example/lane/\(lane)", size: UInt64(size),
                        root: try #require(MerkleHash(NaiveTree.root(Array(bodies.prefix(size))))))
                })
        }
        await log.log.close()
        return (
            log.url, UntamperedLog(lanes: lanes, lines: lines, recorded: recorded, checkpoints: checkpoints)
        )
    }
}
