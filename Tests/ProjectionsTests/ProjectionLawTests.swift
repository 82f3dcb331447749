import DatabaseTesting
import EventLog
import Foundation
import Postgres
import ShareServers
import Testing

@testable import Projections

/// The laws of projections, over random logs.
///
/// `DOSSIER_PROPERTY_SEED` and `DOSSIER_PROPERTY_ROUNDS` in the environment choose others, and more of them.
@Suite(.database) struct ProjectionLawTests {
    /// One random log.
    struct Round: CustomTestStringConvertible {
        let lanes: Int16
        let seed: UInt64
        var testDescription: String { "\(lanes) lanes, seed \(seed)" }

        var events: RandomEvents { RandomEvents(seed: seed) }

        static func numbered(_ law: UInt64, count: Int = 2) -> [Round] {
            let environment = ProcessInfo.processInfo.environment
            let seed = environment["DOSSIER_PROPERTY_SEED"].flatMap { UInt64($0) } ?? 20_260_901
            let rounds = environment["DOSSIER_PROPERTY_ROUNDS"].flatMap { Int($0) } ?? count
            return [1, 4].flatMap { lanes in
                (0..<max(rounds, 1)).map { Round(lanes: lanes, seed: seed &+ law &* 1_000_000 &+ UInt64($0)) }
            }
        }
    }

    @Test(arguments: Round.numbered(1)) func anySplitOfTheLogIntoBatchesGivesTheSameTables(_ round: Round) async throws
    {
        var events = round.events
        var log = try await TestLog.open(lanes: round.lanes)
        try await log.append(events.log(servers: 120, length: 14, times: .few(6)))
        try await log.runner.catchUp()
        let atOnce = try await log.image()
        #expect(try await log.disagreements() == [])
        for limit: Int64 in [3, 20, 100, 400] {
            try await log.forget()
            try await log.apply(upTo: limit, using: &events.random)
            #expect(try await log.image() == atOnce, "batches of up to \(limit)")
            #expect(try await log.disagreements() == [], "batches of up to \(limit)")
        }
        await log.log.close()
    }

    @Test(arguments: Round.numbered(2)) func entriesAppliedOneByOneAreWhatTheFoldSays(_ round: Round) async throws {
        var events = round.events
        var log = try await TestLog.open(lanes: round.lanes)
        for event in try events.log(servers: 8, length: 12, times: .few(4)) {
            try await log.append([event])
            try await log.runner.catchUp()
            #expect(try await log.disagreements() == [], "after \(log.told.count) entries")
        }
        await log.log.close()
    }

    @Test(arguments: Round.numbered(3)) func incrementalEqualsRebuild(_ round: Round) async throws {
        var events = round.events
        var log = try await TestLog.open(lanes: round.lanes)
        let all = try events.log(servers: 80, length: 14, times: .few(8))
        let runner = log.runner
        try await log.append(all, upTo: 200, using: &events.random) { try await runner.catchUp() }
        let incremental = try await log.image()
        for projection in Projection.all {
            #expect(try await projection.rebuild(url: log.url) == Int64(log.told.count))
        }
        #expect(try await log.image() == incremental)
        #expect(try await log.disagreements() == [])
        await log.log.close()
    }

    @Test(arguments: Round.numbered(4), 0..<3)
    func anyOrderOfArrivalGivesTheSameTables(_ round: Round, _ permutation: Int) async throws {
        var events = round.events
        var all = try events.log(servers: 40, length: 14, times: .distinct)
        events.random = SplitMix(seed: round.seed &+ 7919 &* UInt64(permutation))
        if permutation == 0 {
            all.sort { $0.time < $1.time }
        } else {
            all.shuffle(using: &events.random)
        }
        var log = try await TestLog.open(lanes: round.lanes)
        let runner = log.runner
        try await log.append(all, upTo: permutation == 2 ? 30 : 1000, using: &events.random) {
            try await runner.catchUp()
        }
        // The fold sorts by time, and no two times of a server are the same: it is the same in every order of arrival.
        #expect(try await log.disagreements() == [])
        await log.log.close()
    }

    @Test(arguments: Round.numbered(5, count: 1)) func catchingUpAgainChangesNothing(_ round: Round) async throws {
        var events = round.events
        var log = try await TestLog.open(lanes: round.lanes)
        let all = try events.log(servers: 60, length: 10, times: .few(6))
        try await log.append(all)
        try await log.runner.catchUp()
        let image = try await log.image(places: true)
        // Known events add nothing to the log, and so nothing to apply.
        try await log.append(all)
        try await log.runner.catchUp()
        #expect(try await log.image(places: true) == image)
        #expect(try await log.disagreements() == [])
        await log.log.close()
    }

    @Test(arguments: Round.numbered(6, count: 1)) func severalRunnersAtOnceAreAsOne(_ round: Round) async throws {
        var events = round.events
        var log = try await TestLog.open(lanes: round.lanes)
        let all = try events.log(servers: 80, length: 12, times: .few(8))
        let runner = log.runner
        let runners = (0..<3).map { _ in
            Task {
                while !Task.isCancelled {
                    do {
                        try await runner.catchUp()
                    } catch ProjectionError.cancelled where Task.isCancelled {}
                }
            }
        }
        try await log.append(all, upTo: 60, using: &events.random) {}
        for runner in runners { runner.cancel() }
        for runner in runners { try await runner.value }
        try await runner.catchUp()
        #expect(try await log.disagreements() == [])
        for projection in Projection.all { try await projection.rebuild(url: log.url) }
        #expect(try await log.disagreements() == [])
        await log.log.close()
    }
}
