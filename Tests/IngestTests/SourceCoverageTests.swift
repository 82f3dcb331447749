import EventLog
import Postgres
import ShareServers
import Testing

@testable import Ingest

/// What a source tells of its own watching.
@Suite struct SourceCoverageTests {
    private static func moment(_ seconds: Double) -> Timestamp {
        Timestamp(microseconds: 1_790_000_000_000_000 + Int64(seconds * 1_000_000))
    }

    /// An event as `state@seconds`, a gap with what it spans.
    private static func told(_ events: [Event]) throws -> [String] {
        func seconds(_ time: Timestamp) -> String {
            "\((Double(time.microseconds) - 1_790_000_000_000_000) / 1_000_000)"
        }
        return try events.map { event in
            #expect(event.type == "org.dossier.source.coverage")
            #expect(event.source == "/poller/one")
            #expect(event.subject == nil)
            let data = try JSON(parsing: event.canonical)["data"]
            let state = data?["state"]?.string ?? "-"
            guard let from = data?["from"]?.string, let until = data?["until"]?.string else {
                return "\(state)@\(seconds(event.time))"
            }
            let (begun, ended) = (try #require(Timestamp(from)), try #require(Timestamp(until)))
            #expect(data?["reason"]?.string?.isEmpty == false)
            return "\(state)@\(seconds(event.time)) \(seconds(begun))–\(seconds(ended))"
        }
    }

    private static func coverage(former: Sign? = nil) -> Coverage {
        Coverage(source: "/poller/one", former: former, heartbeat: .seconds(60), tolerance: .seconds(30))
    }

    @Test("A source starts when it first sees, gives a sign of life now and then, and stops when it last saw")
    func life() throws {
        var coverage = Self.coverage()
        var told: [String] = []
        for second in stride(from: 0.0, through: 150, by: 10) {
            told += try Self.told(coverage.saw(at: Self.moment(second)))
        }
        told += try Self.told(coverage.stop())
        told += try Self.told(coverage.stop())
        #expect(told == ["started@0.0", "alive@60.0", "alive@120.0", "stopped@150.0"])
    }

    @Test("What it missed is a gap from when it last saw to when it saw again, and it is silent meanwhile")
    func missed() throws {
        var coverage = Self.coverage()
        var told = try Self.told(coverage.saw(at: Self.moment(0)))
        told += try Self.told(coverage.saw(at: Self.moment(10)))
        coverage.miss("Manila does not answer")
        coverage.miss("again")
        told += try Self.told(coverage.saw(at: Self.moment(31)))
        told += try Self.told(coverage.saw(at: Self.moment(41)))
        told += try Self.told(coverage.saw(at: Self.moment(91)))
        #expect(told == ["started@0.0", "gap@31.0 10.0–31.0", "gap@91.0 41.0–91.0"])
    }

    @Test("Where it stops without having seen again, it saw no longer than it did")
    func stoppedBlind() throws {
        var coverage = Self.coverage()
        _ = try coverage.saw(at: Self.moment(0))
        _ = try coverage.saw(at: Self.moment(10))
        coverage.miss("Manila does not answer")
        let stopped = try Self.told(coverage.stop())
        #expect(stopped == ["stopped@10.0"])
        var blind = Self.coverage()
        blind.miss("Manila does not answer")
        let nothing = try blind.stop()
        #expect(nothing.isEmpty)
    }

    @Test("The gap of a source that was killed is told at its next start; one that said goodbye has none")
    func killed() throws {
        for (former, expected) in [
            (Sign(time: Self.moment(-500), hasStopped: false), ["started@0.0", "gap@0.0 -500.0–0.0"]),
            (Sign(time: Self.moment(-500), hasStopped: true), ["started@0.0"]),
            (Sign(time: Self.moment(5), hasStopped: false), ["started@0.0"]),
        ] {
            var coverage = Self.coverage(former: former)
            let told = try Self.told(coverage.saw(at: Self.moment(0)))
            #expect(told == expected)
        }
    }

    @Test("A clock that was set back is waited for")
    func clockSetBack() throws {
        var coverage = Self.coverage()
        var told: [String] = []
        for second in [100.0, 50, 100, 131] { told += try Self.told(coverage.saw(at: Self.moment(second))) }
        #expect(told == ["started@100.0", "gap@131.0 100.0–131.0"])
        #expect(coverage.seenAt == Self.moment(131))
    }
}
