import DatabaseTesting
import Foundation
import ShareServers
import Testing

/// What is given as a cursor and is none of this route's.
@Suite(.log) struct CursorTests {
    private static let routes = [
        "/v1/servers", "/v1/servers?at=2026-11-23T12:00:00Z", "/v1/servers/\(Sample.alpha.lower)/history", "/v1/events",
    ]

    private func fill(_ service: TestService) async throws {
        try await service.append(Sample.life(of: Sample.alpha) + Sample.life(of: Sample.beta))
    }

    private func get(_ route: String, cursor: String, from service: TestService) async throws -> Answer {
        try await service.get("\(route)\(route.contains("?") ? "&" : "?")cursor=\(cursor.escaped)")
    }

    private func cursor(of route: String, from service: TestService) async throws -> String {
        let page = try await service.good("\(route)\(route.contains("?") ? "&" : "?")limit=1")
        return try #require(page["next_cursor"]?.string)
    }

    private func encode(_ text: String) -> String {
        Data(text.utf8).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    @Test("What is no cursor at all is refused", arguments: routes)
    func nonsense(route: String) async throws {
        try await TestService.with { service in
            try await fill(service)
            let nonsense = [
                "x", "0", "null", "====", "-", "%", "é", "' or 1=1 --", String(repeating: "A", count: 1000),
                encode("{}"), encode("[]"), encode("null"), encode("{"), encode(#"{"v":"1"}"#), encode(#"{"v":"2"}"#),
                encode("\u{0}"),
            ]
            for cursor in nonsense {
                let answer = try await get(route, cursor: cursor, from: service)
                #expect(answer.isProblem(400, parameter: "cursor"), "\(cursor): \(answer)")
            }
        }
    }

    @Test("The cursor of another route is refused")
    func foreign() async throws {
        try await TestService.with { service in
            try await fill(service)
            let routes = ["/v1/servers", "/v1/servers/\(Sample.alpha.lower)/history", "/v1/events"]
            for other in routes {
                let cursor = try await cursor(of: other, from: service)
                for route in routes where route != other {
                    let answer = try await get(route, cursor: cursor, from: service)
                    #expect(answer.isProblem(400, parameter: "cursor"), "\(other) to \(route): \(answer)")
                }
                #expect(try await get(other, cursor: cursor, from: service).status == 200)
            }
        }
    }

    @Test("A cursor that was shortened, or lengthened, is refused", arguments: routes)
    func cutOff(route: String) async throws {
        try await TestService.with { service in
            try await fill(service)
            let cursor = try await cursor(of: route, from: service)
            for count in 1..<cursor.count {
                let answer = try await get(route, cursor: String(cursor.prefix(count)), from: service)
                #expect(answer.isProblem(400, parameter: "cursor"), "\(count): \(answer)")
            }
            #expect(try await get(route, cursor: cursor + "AAAA", from: service).isProblem(400, parameter: "cursor"))
        }
    }

    @Test("A cursor whose members are out of range, or of another type, is refused", arguments: routes)
    func tampered(route: String) async throws {
        try await TestService.with { service in
            try await fill(service)
            let cursor = try await cursor(of: route, from: service)
            var base64 = cursor.replacing("-", with: "+").replacing("_", with: "/")
            base64 += String(repeating: "=", count: (4 - base64.count % 4) % 4)
            let decoded = try #require(Data(base64Encoded: base64))
            let members = try #require(JSON(parsing: Array(decoded)).object)
            let values: [JSON] = [
                .null, true, [], [:], "", "x", -1, 0.5, 1e300, "1' or '1'='1",
            ]
            for name in members.keys {
                for value in values {
                    // The time of an entry may be before 1970.
                    if name == "at", value == -1 { continue }
                    var changed = members
                    changed[name] = value
                    let text = String(decoding: JSON.object(changed).canonical(), as: UTF8.self)
                    let answer = try await get(route, cursor: encode(text), from: service)
                    #expect(answer.isProblem(400, parameter: "cursor"), "\(text): \(answer)")
                }
                let answer = try await get(
                    route,
                    cursor: encode(
                        String(decoding: JSON.object(members.filter { $0.key != name }).canonical(), as: UTF8.self)),
                    from: service)
                #expect(answer.isProblem(400, parameter: "cursor"), "without \(name): \(answer)")
            }
        }
    }

    @Test("Whatever characters of a cursor are changed, the answer is a page or says that the cursor is wrong")
    func flipped() async throws {
        try await TestService.with { service in
            try await fill(service)
            var random = SplitMix(seed: 7)
            let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
            for route in Self.routes {
                let cursor = Array(try await cursor(of: route, from: service))
                for _ in 0..<100 {
                    var changed = cursor
                    for _ in 0...Int.random(in: 0...2, using: &random) {
                        changed[Int.random(in: changed.indices, using: &random)] =
                            alphabet.randomElement(using: &random)!
                    }
                    let answer = try await get(route, cursor: String(changed), from: service)
                    #expect(
                        answer.status == 200 || answer.isProblem(400, parameter: "cursor"),
                        "\(route) \(String(changed)): \(answer)")
                }
            }
        }
    }
}
