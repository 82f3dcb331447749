import Foundation
import Postgres
import ShareServers
import Testing

/// What a real Manila answered, read here by other means than the code under test.
@Suite struct CapturedTrafficTests {
    typealias Object = [String: Any]

    /// The exchanges of the capture as JSONSerialization reads them.
    let entries: [Object]

    init() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/dossier/Resources/manila.har")
        let har = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? Object
        entries = try #require((har?["log"] as? Object)?["entries"] as? [Object])
    }

    func isShareServerURL(_ url: String) -> Bool {
        url.wholeMatch(of: #/http://[^/]+/v2/share-servers(/[^?]*)?(\?.*)?/#) != nil
    }

    func part(_ entry: Object, _ name: String) -> Object { entry[name] as? Object ?? [:] }
    func url(_ entry: Object) -> String { part(entry, "request")["url"] as? String ?? "" }
    func method(_ entry: Object) -> String { part(entry, "request")["method"] as? String ?? "" }
    func status(_ entry: Object) -> Int { part(entry, "response")["status"] as? Int ?? 0 }
    func sent(_ entry: Object) -> String { part(part(entry, "request"), "postData")["text"] as? String ?? "" }
    func got(_ entry: Object) -> String { part(part(entry, "response"), "content")["text"] as? String ?? "" }
    func headers(_ message: Object) -> [(name: String, value: String)] {
        (message["headers"] as? [[String: String]] ?? []).map { ($0["name"] ?? "", $0["value"] ?? "") }
    }

    func object(_ text: String) -> Object {
        (try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? Object) ?? [:]
    }

    func exchange(_ entry: Object) throws -> Exchange {
        let url = try #require(URLComponents(string: url(entry)))
        return Exchange(
            method: method(entry),
            target: url.percentEncodedPath + (url.percentEncodedQuery.map { "?" + $0 } ?? ""),
            requestHeaders: headers(part(entry, "request")), requestBody: Array(sent(entry).utf8),
            startedAt: try #require(Timestamp(entry["startedDateTime"] as? String ?? "")),
            duration: .microseconds(Int64((try #require(entry["time"] as? Double) * 1000).rounded())),
            status: status(entry), responseHeaders: headers(part(entry, "response")),
            responseBody: Array(got(entry).utf8))
    }

    var captured: [Object] { entries.filter { isShareServerURL(url($0)) } }

    /// The events of every exchange, with the entry that each was drawn from.
    func replay() throws -> [(entry: Object, events: [Event])] {
        var observer = Observer(source: "/import/manila.har", redaction: redaction)
        return try entries.map { ($0, try observer.events(from: exchange($0))) }
    }

    @Test func everyShareServerExchangeMakesOneCallAndNoOtherDoes() throws {
        #expect(entries.count == 515)
        #expect(captured.count == 441)
        let replay = try replay()
        #expect(replay.count { !$0.events.isEmpty } == 441)
        for (entry, events) in replay {
            let isCall = isShareServerURL(url(entry))
            #expect(events.count { $0.type == EventType.call } == (isCall ? 1 : 0), "\(url(entry))")
            #expect(isCall || events.isEmpty)
        }
    }

    /// The operation by the last parts of the URL and the body's keys, as the README of the API has them.
    func operation(_ entry: Object) -> String {
        let path = url(entry).prefix { $0 != "?" }.split(separator: "/").drop { $0 != "share-servers" }.dropFirst()
        switch (method(entry), path.count, path.last ?? "") {
        case ("GET", 0, _): return "list"
        case ("GET", 1, _): return "show"
        case ("GET", 2, "details"): return "details"
        case ("DELETE", 1, _): return "delete"
        case ("POST", 1, "manage"): return "manage"
        case ("POST", 2, "action"):
            let key = object(sent(entry)).keys.first ?? ""
            return key.isEmpty || key == "explode" ? "other" : key
        default: return "other"
        }
    }

    @Test func everyCallHasItsOperationStatusRequestIdAndFault() throws {
        var expected: [String: Int] = [:]
        var found: [String: Int] = [:]
        for (entry, events) in try replay() where !events.isEmpty {
            let data = part(object(String(decoding: events[0].canonical, as: UTF8.self)), "data")
            expected["\(operation(entry)) \(status(entry))", default: 0] += 1
            found["\(data["operation"] ?? "-") \(data["http_status"] ?? "-")", default: 0] += 1

            let answer = headers(part(entry, "response"))
            let ids = answer.filter { $0.name.lowercased().hasSuffix("-request-id") }.map(\.value)
            #expect(!ids.isEmpty && ids.allSatisfy { $0 == data["request_id"] as? String })
            let version = headers(part(entry, "request")).first {
                $0.name == "X-OpenStack-Manila-API-Version"
            }
            #expect(data["microversion"] as? String == version?.value)
            #expect(data["method"] as? String == method(entry))
            #expect(url(entry).hasSuffix(data["path"] as? String ?? "-"))
            #expect(data["duration_ms"] as? Double == entry["time"] as? Double)
            #expect(events[0].time.description == entry["startedDateTime"] as? String)

            let fault = object(got(entry)).values.first as? Object
            let isFault = status(entry) >= 400
            #expect((data["fault"] as? Object)?["message"] as? String == (isFault ? fault?["message"] as? String : nil))
            #expect((data["fault"] as? Object)?["code"] as? Int == (isFault ? fault?["code"] as? Int : nil))
            #expect((data["request"] == nil) == sent(entry).isEmpty)
        }
        #expect(found == expected)
        #expect(found["show 200"] == 260 && found["other 400"] == 3 && found["other 404"] == 1)
        #expect(found["manage 202"] == 2 && found["reset_status 202"] == 11 && found["migration_start 409"] == 2)
    }

    @Test func noTokenIsInAnyEvent() throws {
        let tokens = Set(
            entries.flatMap { headers(part($0, "request")) }
                .filter { $0.name.lowercased() == "x-auth-token" }.map(\.value))
        #expect(tokens.count == 5)
        for (_, events) in try replay() {
            for event in events {
                let text = String(decoding: event.canonical, as: UTF8.self)
                for token in tokens { #expect(!text.contains(token)) }
            }
        }
    }

    /// Folds the capture by hand: what each server's answers said of its status, without repeats.
    func fold() -> [String: [String]] {
        var statuses: [String: [String]] = [:]
        func see(_ server: Any?) {
            guard let server = server as? Object, let id = server["id"] as? String,
                let status = server["status"] as? String
            else { return }
            if statuses[id]?.last != status { statuses[id, default: []].append(status) }
        }
        for entry in captured {
            let answer = object(got(entry))
            if [200, 202].contains(status(entry)) {
                for server in answer["share_servers"] as? [Any] ?? [] { see(server) }
                see(answer["share_server"])
            } else if let message = (answer["itemNotFound"] as? Object)?["message"] as? String,
                let match = message.wholeMatch(of: #/Share server (\S{36}) could not be found\./#),
                let seen = statuses[String(match.1)], seen.last != "absent", url(entry).contains(match.1)
            {
                statuses[String(match.1), default: []].append("absent")
            }
        }
        return statuses
    }

    @Test func theStatusesOfEveryServerAreThoseOfAFoldByHand() throws {
        var statuses: [String: [String]] = [:]
        for event in try replay().flatMap(\.events) where event.type == EventType.status {
            let data = part(object(String(decoding: event.canonical, as: UTF8.self)), "data")
            let server = try #require(event.subject)
            guard let status = data["status"] as? String else { continue }
            if statuses[server]?.last != status { statuses[server, default: []].append(status) }
        }
        let expected = fold()
        #expect(statuses == expected)
        #expect(expected.count > 5)
        #expect(
            Set(expected.values.joined()).isSuperset(of: ["creating", "active", "error", "server_migrating", "absent"]))
    }

    @Test func aServerThatStaysAsItIsMakesOneEvent() throws {
        let events = try replay().flatMap(\.events)
        #expect(Set(events.map(\.id)).count == events.count)
        let sightings = events.count { $0.type == EventType.status }
        let fold = fold().values.reduce(0) { $0 + $1.count }
        #expect(sightings >= fold && sightings < 2 * fold)
        #expect(try replay().flatMap(\.events) == events)
    }

    @Test func everyPolledChangeSaysWhenTheFormerStatusWasLastSeen() throws {
        var last: [String: (status: String, time: Timestamp)] = [:]
        var checked = 0
        for (entry, events) in try replay() {
            let answer = object(got(entry))
            for event in events where event.type == EventType.status {
                let data = part(object(String(decoding: event.canonical, as: UTF8.self)), "data")
                let server = try #require(event.subject)
                guard let status = data["status"] as? String, let former = last[server], former.status != status else {
                    continue
                }
                #expect(data["not_before"] as? String == former.time.description)
                checked += 1
            }
            guard let time = events.last?.time, events.count > 0 else { continue }
            let end = Timestamp(
                microseconds: events[0].time.microseconds + Int64(((entry["time"] as? Double ?? 0) * 1000).rounded()))
            #expect(events.count == 1 || time == end)
            let servers = (answer["share_servers"] as? [Object] ?? []) + [answer["share_server"] as? Object ?? [:]]
            for server in servers {
                guard let id = server["id"] as? String, let status = server["status"] as? String else { continue }
                last[id] = (status, end)
            }
        }
        #expect(checked > 10)
    }
}
