import FoundationEssentials
import Postgres
import ShareServers
import Testing

@Suite struct ObserverLimitsTests {
    @Test func earlierSightingsThatComeLateAreNotedWithoutNotBefore() throws {
        var observer = Observer.make()
        _ = try observer.events(from: show(at: 10, #""status": "creating""#))
        _ = try observer.events(from: show(at: 20, #""status": "active""#))
        _ = try observer.events(from: show(at: 30, #""status": "active""#))
        let late = { (seconds: Double, status: String) in
            try observer.statuses(show(at: seconds, #""status": "\#(status)""#))
        }
        #expect(try late(25, "active") == [])
        #expect(try late(15, "creating") == [["status": "creating"]])
        #expect(try late(15, "active") == [["status": "active"]])
        #expect(try late(25, "error") == [["status": "error"], ["status": "active"]])
        #expect(try late(26, "active") == [["status": "active"]])
        #expect(try late(31, "active") == [])
        #expect(try late(32, "error") == [["status": "error", "not_before": "2026-11-23T09:00:31.000000Z"]])
    }

    /// Whatever the order of arrival: the events say nothing but what was seen, and their last word is that of the
    /// last sighting. In order, they tell every sighting.
    @Test(arguments: 0..<200)
    func noOrderOfArrivalDistortsWhatWasSeen(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let truth = (0..<12).map { second in
            (at: Double(second), status: ["active", "error", "creating"].randomElement(using: &random)!)
        }
        for order in [truth, truth.shuffled(using: &random)] {
            var observer = Observer.make()
            var told: [(at: Timestamp, status: String)] = []
            for sighting in order {
                for event in try observer.sightings(show(at: sighting.at, #""status": "\#(sighting.status)""#)) {
                    guard case .string(let status)? = try event.data["status"] else { continue }
                    #expect(truth.contains { moment($0.at) == event.time && $0.status == status })
                    told.append((event.time, status))
                    guard case .string(let text)? = try event.data["not_before"] else { continue }
                    let notBefore = try #require(Timestamp(text))
                    #expect(notBefore < event.time)
                    #expect(truth.contains { moment($0.at) == notBefore && $0.status != status })
                }
            }
            told.sort { $0.at < $1.at }
            #expect(told.last?.status == truth.last?.status)
            if order.elementsEqual(truth, by: ==) {
                for sighting in truth { #expect(told.last { $0.at <= moment(sighting.at) }?.status == sighting.status) }
            }
        }
    }

    struct SplitMix: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    @Test func theSameExchangesGiveTheSameEvents() throws {
        let exchanges = [
            show(at: 1, #""status": "creating", "backend_details": {}"#), show(at: 2, #""status": "active""#),
            notFound(at: 3),
        ]
        var runs: [[Event]] = []
        for _ in 0..<2 {
            var observer = Observer.make()
            runs.append(try exchanges.flatMap { try observer.events(from: $0) })
        }
        #expect(runs[0] == runs[1])
        #expect(Set(runs[0].map(\.id)).count == 7)
    }

    @Test func sightingsOfOtherContentHaveOtherIds() throws {
        var ids: Set<String> = []
        for (seconds, status) in [(1.0, "active"), (1, "error"), (2, "active")] {
            for server in [serverA, serverB] {
                var observer = Observer.make()
                for event in try observer.sightings(show(server, at: seconds, #""status": "\#(status)""#)) {
                    ids.insert(event.id)
                }
            }
        }
        #expect(ids.count == 6)
    }

    @Test func theServersLongestUnseenAreForgottenAbsentOnesFirst() throws {
        func id(_ number: Int) -> String { "00000000-0000-4000-8000-00000000000\(number)" }
        var observer = Observer.make(limit: 3)
        for number in 1...3 {
            _ = try observer.events(from: show(id(number), at: Double(number), #""status": "active""#))
        }
        #expect(try observer.statuses(notFound(id(3), at: 4)).count == 1)
        _ = try observer.events(from: show(id(4), at: 5, #""status": "active""#))
        #expect(try observer.statuses(show(id(1), at: 6, #""status": "active""#)) == [])
        _ = try observer.events(from: show(id(5), at: 7, #""status": "active""#))
        #expect(try observer.statuses(notFound(id(2), at: 8)) == [])
        #expect(try observer.statuses(notFound(id(4), at: 9)).count == 1)
        #expect(try observer.statuses(notFound(id(3), at: 10)) == [])
    }

    @Test(arguments: [
        "", "{", "[]", "null", #"{"share_server": []}"#, #"{"share_server": {}}"#, #"{"share_server": {"id": 5}}"#,
        #"{"share_server": {"id": "8c041935-231e-405a-a0d2-d5b0acdceb46", "status": ["active"]}}"#,
        #"{"share_server": {"id": "8c041935-231e-405a-a0d2-d5b0acdceb46", "status": ""}}"#,
        #"{"share_server": {"id": "../../etc/passwd", "status": "active"}}"#, #"{"share_servers": {"id": 1}}"#,
        #"{"details": [1]}"#, "\u{FEFF}{}", #"{"share_server": "\ud800"}"#, String(repeating: "[", count: 200_000),
    ])
    func answersThatCannotBeReadStillMakeACall(answer: String) throws {
        for path in ["", "/\(serverA)", "/\(serverA)/details"] {
            var observer = Observer.make()
            let events = try observer.events(from: exchange("GET", "/v2/share-servers" + path, answer: answer))
            #expect(events.map(\.type) == [EventType.call])
        }
    }

    @Test func anAnswerOfTenMegabytesIsReadWhole() throws {
        let servers = (0..<40_000).map { number in
            let digits = String(number)
            let tail = String(repeating: "0", count: 12 - digits.count) + digits
            return
                #"{"id": "00000000-0000-4000-8000-\#(tail)", "status": "active", "identifier": "\#(String(repeating: "x", count: 180))"}"#
        }
        let answer = #"{"share_servers": [\#(servers.joined(separator: ","))]}"#
        #expect(answer.utf8.count > 10_000_000)
        var observer = Observer.make(limit: 100_000)
        let events = try observer.events(from: exchange("GET", "/v2/share-servers", answer: answer))
        #expect(events.count == 40_001)
        #expect(try events[0].data["response"] == ["share_servers": 40_000])
    }

    @Test func membersTooLongForManilaArePassedOver() throws {
        var observer = Observer.make()
        let long = String(repeating: "x", count: 100_000)
        let details = #"{"a": "\#(long)", "password": "p"}"#
        let subnets = (0..<2000).map { #""\#($0)-00000000-0000-4000-8000-00000000000""# }.joined(separator: ",")
        let events = try observer.sightings(
            show(
                at: 1,
                #""status": "active", "host": "\#(long)", "share_network_subnet_ids": [\#(subnets)], "backend_details": \#(details)"#
            ))
        #expect(events.count == 2)
        #expect(try events[0].data == ["status": "active"])
        let omitted = try #require(try events[1].data["details"]?["omitted"])
        guard case .string(let head)? = omitted["head"] else { throw EventError.tooLarge(bytes: 0) }
        #expect(head.count == 1024 && head.hasPrefix(#"{"a":"xxx"#))
    }
}
