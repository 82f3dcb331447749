import FoundationEssentials
import Postgres
import ShareServers
import Testing

/// What an observer is told of the past, out of a log.
@Suite struct RecallTests {
    private let server = UUID(uuidString: serverA)!

    /// What a log holds of the events of an observer that there was before.
    private func noted(_ events: [Event]) throws -> [Noted] {
        try events.filter { $0.type != EventType.call }.map {
            Noted(server: try #require($0.serverID), type: $0.type, time: $0.time, data: try $0.data)
        }
    }

    private func noted(_ exchanges: [Exchange]) throws -> [Noted] {
        var observer = Observer.make()
        return try noted(exchanges.flatMap { try observer.events(from: $0) })
    }

    private func observer(recalling exchanges: [Exchange], isRepeated: Bool) throws -> Observer {
        var observer = Observer.make()
        #expect(!observer.knows(server))
        observer.recall(server, from: try noted(exchanges), isRepeated: isRepeated)
        #expect(observer.knows(server))
        return observer
    }

    @Test func aServerThatALogShowsIsAbsentWhereItIsNotFound() throws {
        for isRepeated in [true, false] {
            var observer = try observer(recalling: [show(at: 1, #""status": "active""#)], isRepeated: isRepeated)
            #expect(
                try observer.statuses(notFound(at: 5))
                    == [["status": "absent", "not_before": "2026-11-23T09:00:01.000000Z"]])
            #expect(try observer.statuses(notFound(at: 6)) == [])
        }
    }

    @Test func aServerOfWhichALogHoldsNothingIsKnownAndNotSeen() throws {
        var observer = try observer(recalling: [], isRepeated: false)
        #expect(try observer.statuses(notFound(at: 1)) == [])
        #expect(try observer.statuses(show(at: 2, #""status": "active""#)) == [["status": "active"]])
        #expect(try observer.statuses(notFound(at: 3)).count == 1)
    }

    @Test func aServerThatIsGoneStaysGone() throws {
        let past = [show(at: 1, #""status": "active""#), notFound(at: 2)]
        var observer = try observer(recalling: past, isRepeated: false)
        #expect(try observer.statuses(notFound(at: 3)) == [])
    }

    @Test func whatIsAsALogHasItIsNotedOnceMoreIfTheLogHasNotSeenThatExchange() throws {
        let full = #""status": "active", "host": "h", "task_state": null, "is_auto_deletable": true"#
        let past = [show(at: 1, full)]
        var repeated = try observer(recalling: past, isRepeated: true)
        #expect(try repeated.statuses(show(at: 5, full)) == [])
        var fresh = try observer(recalling: past, isRepeated: false)
        let data: JSON = ["status": "active", "host": "h", "task_state": nil, "is_auto_deletable": true]
        #expect(try fresh.statuses(show(at: 5, full)) == [data])
        #expect(try fresh.statuses(show(at: 6, full)) == [])
    }

    @Test func whatDiffersFromALogIsNewsAndSaysWhenTheLogLastHadIt() throws {
        for isRepeated in [true, false] {
            let past = [show(at: 1, #""status": "creating""#), show(at: 2, #""status": "active", "host": "h""#)]
            var observer = try observer(recalling: past, isRepeated: isRepeated)
            #expect(
                try observer.statuses(show(at: 5, #""status": "error", "host": "h""#))
                    == [["status": "error", "host": "h", "not_before": "2026-11-23T09:00:02.000000Z"]])
        }
    }

    @Test func oneSubnetOfOlderMicroversionsIsAmongThoseThatALogHas() throws {
        let past = [show(at: 1, #""status": "active", "share_network_subnet_ids": ["a", "b"]"#)]
        var observer = try observer(recalling: past, isRepeated: true)
        #expect(try observer.statuses(show(at: 2, #""status": "active", "share_network_subnet_id": "b""#)) == [])
        #expect(try observer.statuses(show(at: 3, #""status": "active", "share_network_subnet_id": "c""#)).count == 1)
    }

    /// A log has secrets as digests, and what is long as size, digest and start.
    @Test(arguments: [
        #"{"ip": "10.0.0.1"}"#, #"{"ip": "10.0.0.1", "password": "p", "n": [1.50, null]}"#, "{}",
        #"{"a": "\#(String(repeating: "x", count: 100_000))", "password": "p"}"#,
        #"{"a": "\#(String(repeating: "x", count: 65_100))"}"#,
    ])
    func detailsAreComparedAsALogHasThem(details: String) throws {
        let seen = { (seconds: Double, details: String) in
            show(at: seconds, #""status": "active", "backend_details": \#(details)"#)
        }
        let other = String(details.dropLast()) + (details == "{}" ? "" : ", ") + #""token": "t"}"#
        var observer = try observer(recalling: [seen(1, details)], isRepeated: true)
        #expect(try observer.sightings(seen(2, details)) == [])
        #expect(try observer.sightings(seen(3, details)) == [])
        #expect(try observer.sightings(seen(4, other)).map(\.type) == [EventType.backendDetails])

        var changed = try self.observer(recalling: [seen(1, details)], isRepeated: true)
        #expect(try changed.sightings(seen(2, other)).map(\.type) == [EventType.backendDetails])
        #expect(try changed.sightings(seen(3, other)) == [])
    }

    /// What others have pushed as events of this source need not be of the form that an observer gives them.
    @Test func whatALogHasThatNoObserverMadeDoesNoHarm() throws {
        let data: [JSON] = [
            nil, [], "active", ["status": 5], ["status": nil], ["status": ["active"]], ["details": 7],
            ["share_network_subnet_ids": "a"],
        ]
        var observer = Observer.make()
        let noted = data.flatMap { data in
            [EventType.status, EventType.backendDetails, EventType.call].map {
                Noted(server: server, type: $0, time: moment(1), data: data)
            }
        }
        observer.recall(server, from: noted, isRepeated: true)
        #expect(try observer.statuses(show(at: 2, #""status": "active""#)) == [["status": "active"]])
    }

    @Test func whatALogTellsIsToldWithAnyBoundAndOnlyOfThatServerAndMoment() throws {
        var observer = Observer.make()
        _ = try observer.events(from: show(at: 1, #""status": "creating""#))
        let event = try #require(try observer.sightings(show(at: 2, #""status": "active", "host": "h""#)).first)
        func noted(
            _ data: JSON, of server: String = serverA, at seconds: Double = 2, type: String = EventType.status
        ) -> Noted {
            Noted(server: UUID(uuidString: server)!, type: type, time: moment(seconds), data: data)
        }
        #expect(noted(["status": "active", "host": "h"]).tells(event))
        #expect(noted(["status": "active", "host": "h", "identifier": "i", "not_before": "then"]).tells(event))
        #expect(!noted(["status": "active"]).tells(event))
        #expect(!noted(["status": "error", "host": "h"]).tells(event))
        #expect(!noted(["status": "active", "host": "h"], of: serverB).tells(event))
        #expect(!noted(["status": "active", "host": "h"], at: 2.000001).tells(event))
        #expect(!noted(["status": "active", "host": "h"], type: EventType.backendDetails).tells(event))
    }

    @Test func aReadingTellsOfWhichServersItSpeaksAndRemembersNothing() throws {
        let list = exchange(
            "GET", "/v2/share-servers", at: 1, taking: .seconds(2),
            answer: """
                {"share_servers": [{"id": "\(serverB)", "status": "active"}, {"id": "\(serverA)", "status": "error"}]}
                """)
        let reading = try #require(try Reading(of: list, source: "/s", redaction: redaction))
        #expect(reading.servers.map { $0.uuidString.lowercased() } == [serverB, serverA])
        #expect((reading.time, reading.call.time) == (moment(3), moment(1)))
        let gone = try #require(try Reading(of: notFound(at: 4), source: "/s", redaction: redaction))
        #expect(gone.servers == [server])
        #expect(try Reading(of: exchange("GET", "/v2/shares"), source: "/s", redaction: redaction) == nil)
    }
}
