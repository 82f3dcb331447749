import Crypto
import Foundation
import Postgres
import ShareServers
import Testing

@Suite struct CallEventTests {
    func event(_ exchange: Exchange) throws -> Event {
        let call = try #require(Call(recognising: exchange))
        return try call.event(of: exchange, source: "/gateway/test", redaction: redaction)
    }

    @Test func aCallIsRecordedWithAllThatIsKnownOfIt() throws {
        let exchange = exchange(
            "POST", "/v2/5082/share-servers/\(serverA.uppercased())/action?x=1", at: 1.5, taking: .microseconds(61_400),
            headers: [
                ("x-openstack-manila-api-version", " 2.70 "), ("X-OpenStack-Request-ID", "req-upstream"),
                ("X-User-Id", "u1"), ("X-User-Name", "admin"), ("X-Project-Id", "p1"), ("X-ROLES", "admin, member,,"),
                ("X-Auth-Token", "gAAAAAsecret"),
            ],
            body: #"{"reset_status": {"status": "error", "token": "t"}}"#, status: 202)
        let event = try event(exchange)
        #expect(event.type == "org.openstack.manila.share_server.call")
        #expect(event.source == "/gateway/test")
        #expect(event.time == moment(1.5))
        #expect(event.subject == serverA)
        #expect(
            try event.data == [
                "operation": "reset_status", "method": "POST", "http_status": 202, "microversion": "2.70",
                "path": .string("/v2/5082/share-servers/\(serverA.uppercased())/action?x=1"),
                "request_id": "req-7b2e6b0f-5f0e-4f2c-9b47-0d4c6ad8a001", "global_request_id": "req-upstream",
                "actor": ["user_id": "u1", "user_name": "admin", "project_id": "p1", "roles": ["admin", "member"]],
                "remote_address": "192.0.2.7", "duration_ms": .number(61.4),
                "request": ["reset_status": ["status": "error", "token": redaction.seal("t")]],
            ])
        #expect(!String(decoding: event.canonical, as: UTF8.self).contains("gAAAAA"))
    }

    @Test func whatIsNotKnownIsLeftOut() throws {
        var exchange = exchange(
            "GET", "/v2/5082/share-servers", taking: .seconds(-1),
            headers: [("X-OpenStack-Request-ID", "not a request id"), ("X-Roles", "")], status: 0, requestID: nil)
        exchange.remoteAddress = nil
        exchange.responseHeaders = [("X-Compute-Request-Id", "req-older")]
        let event = try event(exchange)
        #expect(event.subject == nil)
        #expect(
            try event.data == [
                "operation": "list", "method": "GET", "path": "/v2/5082/share-servers", "request_id": "req-older",
                "actor": ["project_id": "5082"],
            ])
    }

    @Test(arguments: [
        ("GET", "", #"{"share_servers": [{}, 1]}"#, #"{"share_servers":2}"#),
        ("GET", "/\(serverA)", #"{"share_server": {"status": "active", "host": "h"}}"#, #"{"status":"active"}"#),
        ("GET", "/\(serverA)/details", #"{"details": {"a": "b", "password": "p"}}"#, #"{"details":2}"#),
        ("GET", "", #"{"unexpected": [2, 1.0]}"#, #"{"unexpected":[2,1]}"#),
        ("POST", "/manage", #"{"share_server": {"status": "s"}}"#, #"{"share_server":{"status":"s"}}"#),
        ("DELETE", "/\(serverA)", "", "null"),
    ])
    func answersToReadsAreSummarisedAndOthersKept(
        method: String, path: String, answer: String, expected: String
    ) throws {
        let event = try event(exchange(method, "/v2/share-servers" + path, status: 202, answer: answer))
        #expect(String(decoding: (try event.data["response"] ?? .null).canonical(), as: UTF8.self) == expected)
    }

    @Test func theSubjectOfAnAcceptedManageIsTheNewServer() throws {
        let answer = #"{"share_server": {"id": "\#(serverB)"}}"#
        let manage = { (status: Int) in
            try self.event(exchange("POST", "/v2/share-servers/manage", body: "{}", status: status, answer: answer))
        }
        #expect(try manage(202).subject == serverB)
        #expect(try manage(400).subject == nil)
    }

    @Test(arguments: [
        (#"{"itemNotFound": {"code": 404, "message": "gone"}}"#, 404, 404, "gone"),
        (#"{"error": {"code": 401, "title": "Unauthorized", "message": "no"}}"#, 401, 401, "no"),
        (#"{"unauthorized": {"code": 401, "message": "no"}}"#, 401, 401, "no"),
        (#"{"computeFault": {"code": 500.5, "message": "odd"}}"#, 500, 500, "odd"),
        (#"{"message": "plain"}"#, 503, 503, "plain"), ("<html>", 502, 502, nil), ("", 500, 500, nil),
        (#"{"badRequest": "text"}"#, 400, 400, nil), ("[1]", 400, 400, nil),
    ])
    func aFaultIsReadFromEveryFormOfRefusal(answer: String, status: Int, code: Int, message: String?) throws {
        let data = try event(exchange("GET", "/v2/share-servers", status: status, answer: answer)).data
        var expected: [String: JSON] = ["code": .number(Double(code))]
        if let message { expected["message"] = .string(message) }
        #expect(data["fault"] == .object(expected))
        #expect((data["response"] == nil) == answer.isEmpty)
    }

    @Test func aBodyThatIsNoJSONIsKeptAsItsStart() throws {
        let target = "/v2/share-servers/\(serverA)/action"
        let data = try event(exchange("POST", target, body: "{nope", status: 400)).data
        let digest = SHA256.hash(data: Data("{nope".utf8)).map { String(format: "%02x", $0) }.joined()
        #expect(data["operation"] == "other")
        #expect(data["request"] == ["omitted": ["bytes": 5, "sha256": .string(digest), "head": "{nope"]])
    }

    @Test(arguments: [
        #"{"driver_options": {"password": "hunter2"}}}"#, "password=hunter2", #"{"p\u0061ssword": "hunter2"}}"#,
        "a\0u\0t\0h\0=\0h\0u\0n\0t\0e\0r\02\0",
    ])
    func aBodyThatIsNoJSONGivesNoSecretAway(body: String) throws {
        let event = try event(exchange("POST", "/v2/share-servers/manage", body: body, status: 400))
        let text = String(decoding: event.canonical, as: UTF8.self)
        #expect(!text.contains("hunter2") && !text.contains("n\u{FFFD}t"))
        let digest = SHA256.hash(data: Data(body.utf8)).map { String(format: "%02x", $0) }.joined()
        #expect(try event.data["request"]?["omitted"]?["sha256"] == redaction.seal(.string(digest)))
    }

    @Test(arguments: ["a", "\"", "\u{1}", "é", "👩‍👩‍👧‍👦", "\u{301}"])
    func anEventNeverPassesTheLimit(filling: String) throws {
        let long = String(repeating: filling, count: 300_000 / filling.utf8.count)
        let body = JSON.object(["x": .string(long)]).canonical()
        let headers = ["X-User-Id", "X-User-Name", "X-Project-Id", "X-Roles", "X-OpenStack-Manila-API-Version"]
        var exchange = exchange(
            "GET" + long, "/v2/share-servers/x?" + long, headers: headers.map { ($0, long + "," + long) }, status: 500,
            requestID: long)
        exchange.requestBody = body
        exchange.responseBody = JSON.object(["f": ["message": .string(long)]]).canonical()
        let event = try event(exchange)
        #expect(event.canonical.count <= 65_535)
        let omitted = try #require(try event.data["request"]?["omitted"])
        let digest = SHA256.hash(data: Data(body)).map { String(format: "%02x", $0) }.joined()
        #expect(omitted["bytes"] == .number(Double(body.count)))
        #expect(omitted["sha256"] == .string(digest))
        guard case .string(let head)? = omitted["head"] else { throw Missing() }
        #expect(String(decoding: body, as: UTF8.self).utf8.starts(with: head.utf8))
        #expect(head.count <= 1024)
        if filling == "a" { #expect(head.count == 1024) }
    }

    struct Missing: Error {}

    @Test func ofTwoBodiesTheSmallerOneStaysWhole() throws {
        let small = #"{"badRequest":{"code":400,"message":"\#(String(repeating: "m", count: 30_000))"}}"#
        let large = #"{"share_server":"\#(String(repeating: "x", count: 40_000))"}"#
        let data = try event(
            exchange("POST", "/v2/share-servers/manage", body: large, status: 400, answer: small)
        ).data
        #expect(try data["response"] == JSON(parsing: small))
        #expect(data["request"]?["omitted"]?["bytes"] == .number(Double(large.utf8.count)))
    }

    @Test func theSameExchangeGivesTheSameEventAndAnotherOneAnotherId() throws {
        let body = #"{"unmanage": {"force": false}}"#
        for requestID in ["req-1", nil, "odd id\n"] {
            let first = exchange(
                "POST", "/v2/share-servers/\(serverA)/action", body: body, status: 202, answer: "{}",
                requestID: requestID)
            var others: [Exchange] = Array(repeating: first, count: 7)
            others[0].status = 400
            others[1].requestBody = Array(#"{"unmanage": {"force": true}}"#.utf8)
            others[2].responseBody = []
            others[3].startedAt = moment(0.000_001)
            others[4].target += "?"
            others[5].requestHeaders = [("X-User-Id", "u")]
            others[6].duration = .microseconds(10_001)
            #expect(try event(first) == event(first))
            let ids = try Set((others + [first]).map { try event($0).id })
            #expect(ids.count == 8)
            if requestID == "req-1" { #expect(ids.allSatisfy { $0.hasPrefix("req-1/") }) }
        }
    }

    @Test func readsThatSawOtherThingsAreOtherEvents() throws {
        let list = { (id: String) in
            try self.event(exchange("GET", "/v2/share-servers", answer: #"{"share_servers": [{"id": "\#(id)"}]}"#))
        }
        #expect(try list("a").id != list("b").id)
        #expect(try list("a") == list("a"))
    }

    @Test func aTimeThatCannotBeWrittenIsRefused() throws {
        var exchange = exchange("GET", "/v2/share-servers")
        exchange.startedAt = Timestamp(microseconds: .max)
        exchange.duration = .seconds(Int64.max)
        #expect(throws: EventError.self) { try event(exchange) }
    }
}
