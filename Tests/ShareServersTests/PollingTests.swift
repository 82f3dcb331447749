import FoundationEssentials
import Postgres
import Testing

@testable import ShareServers

/// What a source that asks Manila itself takes from the answers.
@Suite struct PollingTests {
    private static let id = "8c041935-231e-405a-a0d2-d5b0acdceb46"
    private static let server = UUID(uuidString: id)!
    private static let other = UUID(uuidString: "1040912a-d579-418e-9bbf-f2502c5eb936")!

    private static func moment(_ seconds: Int64) -> Timestamp {
        Timestamp(microseconds: 1_790_000_000_000_000 + seconds * 1_000_000)
    }

    private static func exchange(_ path: String, _ status: Int, _ body: String, at seconds: Int64) -> Exchange {
        Exchange(
            method: "GET", target: "http://h:1/v2/" + path, startedAt: moment(seconds), duration: .zero, status: status,
            responseBody: Array(body.utf8))
    }

    private static func list(_ servers: [(String, String)], at seconds: Int64) throws -> Polled {
        let elements = servers.map { #"{"id": "\#($0.0)", "status": "\#($0.1)", "host": "lab@alpha"}"# }
        let body = #"{"share_servers": [\#(elements.joined(separator: ","))]}"#
        return try #require(Polled(exchange("share-servers", 200, body, at: seconds)))
    }

    private func observer() -> Observer { Observer(source: "/poller/a", redaction: Redaction(key: [1, 2, 3])) }

    private func statuses(_ events: [Event]) throws -> [String] {
        try events.map { event in
            #expect(event.type == EventType.status)
            let data = try JSON(parsing: event.canonical)["data"]
            let seconds = (data?["not_before"]?.string).flatMap { Timestamp($0) }.map {
                ($0.microseconds - 1_790_000_000_000_000) / 1_000_000
            }
            return "\(event.index.status ?? "-")\(seconds.map { " after \($0)" } ?? "")"
        }
    }

    @Test("Only what differs makes an event, and no event is a call")
    func differences() throws {
        var observer = observer()
        var told: [[String]] = []
        for (seconds, status) in [(0, "creating"), (10, "creating"), (20, "active"), (30, "active")]
            as [(Int64, String)]
        {
            told.append(
                try statuses(observer.events(from: Self.list([(Self.id, status)], at: seconds)) { _ in Issue.record() })
            )
        }
        #expect(told == [["creating"], [], ["active after 10"], []])
    }

    @Test("A change lies between the question of the last list that said otherwise and the answer that says it")
    func slowAnswers() throws {
        var observer = observer()
        for (seconds, status) in [(0, "creating"), (10, "creating"), (20, "active")] as [(Int64, String)] {
            let body = #"{"share_servers": [{"id": "\#(Self.id)", "status": "\#(status)"}]}"#
            var exchange = Self.exchange("share-servers", 200, body, at: seconds)
            exchange.duration = .seconds(4)
            let events = observer.events(from: try #require(Polled(exchange))) { _ in }
            if status == "active" {
                // What it was at 10 may have been another at 14 already.
                #expect(try statuses(events) == ["active after 10"])
                #expect(events.map(\.time) == [Self.moment(24)])
            }
        }
    }

    @Test(
        "What was told is told again where another source has told another status since, and only then",
        arguments: [
            ("error", Int64(15), ["active after 10"]), ("error", 0, []), ("active", 15, []),
            ("absent", 15, ["active after 10"]),
        ])
    func disputed(status: String, seconds: Int64, expected: [String]) throws {
        var observer = observer()
        _ = observer.events(from: try Self.list([(Self.id, "active")], at: 0)) { _ in }
        observer.confirm(at: Self.moment(10), asked: Self.moment(10))
        let isHeard = observer.hear(status, of: Self.server, at: Self.moment(seconds))
        #expect(isHeard == !expected.isEmpty)
        let isOtherHeard = observer.hear(status, of: Self.other, at: Self.moment(seconds))
        #expect(!isOtherHeard)
        let list = try Self.list([(Self.id, "active")], at: 20)
        #expect(try statuses(observer.events(from: list) { _ in }) == expected)
        #expect(try statuses(observer.events(from: Self.list([(Self.id, "active")], at: 30)) { _ in }) == [])
    }

    @Test("An answer that was the same once more moves the moment before which nothing changed")
    func confirmed() throws {
        var observer = observer()
        _ = observer.events(from: try Self.list([(Self.id, "active")], at: 0)) { _ in }
        observer.confirm(at: Self.moment(50), asked: Self.moment(50))
        observer.confirm(at: Self.moment(40), asked: Self.moment(40))
        let events = observer.events(from: try Self.list([(Self.id, "error")], at: 60)) { _ in }
        #expect(try statuses(events) == ["error after 50"])
    }

    @Test("What the log holds is no news, and was seen until the source last said so")
    func recalled() throws {
        for (seenUntil, expected) in [(nil, "error after 5"), (Self.moment(30), "error after 30")]
            as [(Timestamp?, String)]
        {
            var observer = observer()
            let noted = Noted(
                server: Self.server, type: EventType.status, time: Self.moment(5),
                data: ["status": "active", "host": "lab@alpha"])
            observer.recall(Self.server, from: [noted], seenUntil: seenUntil)
            let same = observer.events(from: try Self.list([(Self.id, "active")], at: 40)) { _ in }
            #expect(same.isEmpty)
            var fresh = self.observer()
            fresh.recall(Self.server, from: [noted], seenUntil: seenUntil)
            let changed = fresh.events(from: try Self.list([(Self.id, "error")], at: 40)) { _ in }
            #expect(try statuses(changed) == [expected])
        }
    }

    @Test("Who is missing is who was there and is not listed; nobody is missing twice once gone")
    func missing() throws {
        var observer = observer()
        let both = try Self.list([(Self.id, "active"), (Self.other.uuidString, "error")], at: 0)
        _ = observer.events(from: both) { _ in }
        #expect(observer.missing(from: [Self.server]) == [Self.other])
        let path = "share-servers/\(Self.other.uuidString.lowercased())"
        let message = "Share server \(Self.other.uuidString.lowercased()) could not be found."
        let gone = try #require(
            Polled(Self.exchange(path, 404, #"{"itemNotFound": {"code": 404, "message": "\#(message)"}}"#, at: 10)))
        #expect(gone.isAbsence)
        let events = observer.events(from: gone) { _ in }
        #expect(try statuses(events) == ["absent after 0"])
        #expect(observer.missing(from: [Self.server]).isEmpty)
        // Of one that was never seen it means nothing.
        var fresh = self.observer()
        let nothing = fresh.events(from: gone) { _ in }
        #expect(nothing.isEmpty)
    }

    @Test(
        "What is not of the form that Manila gives it is no answer",
        arguments: [
            ("share-servers", 200, ""), ("share-servers", 200, "{}"), ("share-servers", 200, #"{"share_servers":{}}"#),
            ("share-servers", 404, #"{"itemNotFound":{"code":404,"message":"The resource could not be found."}}"#),
            ("share-servers", 500, #"{"share_servers":[]}"#), ("share-networks", 200, #"{"share_servers":[]}"#),
            ("share-servers/\(id)", 404, #"{"itemNotFound":{"code":404,"message":"gone"}}"#),
            ("share-servers/\(id)", 200, #"{"share_server":{"id":"\#(other.uuidString)","status":"active"}}"#),
            ("share-servers/\(id)", 200, #"{"share_server":{"id":"\#(id)"}}"#),
        ])
    func malformed(path: String, status: Int, body: String) {
        #expect(Polled(Self.exchange(path, status, body, at: 0)) == nil)
    }

    @Test("Servers of a list that cannot be read are counted")
    func unreadable() throws {
        let body =
            #"{"share_servers": [{"id": "\#(Self.id)", "status": "active"}, 1, {"id": "x", "status": "active"}]}"#
        let polled = try #require(Polled(Self.exchange("share-servers", 200, body, at: 0)))
        #expect(polled.servers == [Self.server] && polled.unreadable == 2)
        #expect(try Self.list([], at: 0).unreadable == 0)
    }
}
