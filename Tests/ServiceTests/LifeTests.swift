import DatabaseTesting
import FoundationEssentials
import ShareServers
import Testing

/// How a server came and went, which servers it was before, and when nobody was watching it.
@Suite(.log) struct LifeTests {
    private let uri = "/v1/servers/\(Sample.alpha.lower)"

    /// The same members of the server's state and of its history, which must agree.
    private func life(_ service: TestService, _ query: String = "") async throws -> JSON {
        let server = try await service.good("\(uri)\(query)")
        let history = try await service.good("\(uri)/history\(query)")
        for name in ["appeared", "went", "chain"] { #expect(server[name] == history[name], "\(name)") }
        return server
    }

    @Test("A server that was managed appeared at that call")
    func managed() async throws {
        try await TestService.with { service in
            try await service.append([
                Sample.call(
                    Sample.alpha, "manage", 202, at: 10, ["request_id": "req-1", "actor": ["user_id": "alice"]]),
                Sample.status(Sample.alpha, "manage_starting", at: 11), Sample.status(Sample.alpha, "active", at: 20),
            ])
            let answer = try await life(service)
            #expect(
                answer["appeared"] == [
                    "at": .string(Sample.text(11)), "status": "manage_starting", "not_before": .null,
                    "cause": [
                        "lane": 0, "position": 0, "at": .string(Sample.text(10)), "type": .string(EventType.call),
                        "operation": "manage", "http_status": 202, "request_id": "req-1",
                        "actor": ["user_id": "alice"],
                    ],
                ])
            #expect(answer["went"] == .null)
        }
    }

    @Test("A server that came and went with no call that names it is said to have done so")
    func noCall() async throws {
        try await TestService.with { service in
            try await service.append([
                Sample.status(Sample.alpha, "creating", at: 10), Sample.status(Sample.alpha, "active", at: 20),
                // Refused, or only reading: neither made it go.
                Sample.call(Sample.alpha, "delete", 409, at: 25), Sample.call(Sample.alpha, "show", 200, at: 26),
                // Another server's.
                Sample.call(Sample.beta, "delete", 202, at: 27), Sample.status(Sample.alpha, "deleting", at: 30),
                Sample.status(Sample.alpha, "absent", at: 40, notBefore: 35),
            ])
            let answer = try await life(service)
            #expect(
                answer["appeared"] == [
                    "at": .string(Sample.text(10)), "status": "creating", "not_before": .null, "cause": .null,
                ])
            #expect(
                answer["went"] == [
                    "at": .string(Sample.text(40)), "status": "absent", "not_before": .string(Sample.text(35)),
                    "cause": .null,
                ])
        }
    }

    @Test(
        "A server that was deleted or unmanaged went at that call, whether its leaving was seen or not",
        arguments: [
            ("delete", []), ("delete", ["deleting"]), ("unmanage", ["unmanage_starting"]),
            ("delete", ["error", "deleting"]),
        ] as [(String, [String])])
    func removed(operation: String, between: [String]) async throws {
        try await TestService.with { service in
            try await service.append(
                [
                    Sample.status(Sample.alpha, "active", at: 10),
                    Sample.call(Sample.alpha, operation, 202, at: 20, ["request_id": "req-1"]),
                ] + zip(21..., between).map { try Sample.status(Sample.alpha, $1, at: Double($0)) }
                    + [Sample.status(Sample.alpha, "absent", at: 30)])
            let answer = try await life(service)
            #expect(answer.at("went.at") == .string(Sample.text(30)))
            #expect(answer.at("went.cause.request_id") == "req-1")
            #expect(answer.at("appeared.cause") == .null)
        }
    }

    @Test("A call that had its effect before is not why a server went")
    func earlierCall() async throws {
        try await TestService.with { service in
            try await service.append([
                Sample.call(Sample.alpha, "manage", 202, at: 10, ["request_id": "req-1"]),
                Sample.status(Sample.alpha, "manage_starting", at: 11), Sample.status(Sample.alpha, "active", at: 20),
                Sample.status(Sample.alpha, "deleting", at: 30), Sample.status(Sample.alpha, "absent", at: 40),
            ])
            let answer = try await life(service)
            #expect(answer.at("appeared.cause.request_id") == "req-1")
            #expect(answer.at("went.cause") == .null)
        }
    }

    @Test("A server that came back has not gone, and at a moment between it had")
    func cameBack() async throws {
        try await TestService.with { service in
            try await service.append([
                Sample.status(Sample.alpha, "active", at: 10), Sample.status(Sample.alpha, "absent", at: 20),
                Sample.status(Sample.alpha, "active", at: 30),
            ])
            #expect(try await life(service)["went"] == .null)
            for (second, gone) in [(19.999999, false), (20, true), (29.999999, true), (30, false)] {
                let answer = try await service.good("\(uri)?at=\(Sample.text(second))")
                #expect((answer["went"] != .null) == gone, "\(second)")
                #expect(answer.at("appeared.at") == .string(Sample.text(10)))
            }
        }
    }

    @Test("Of a server that calls alone have named, neither coming nor going is told")
    func callsAlone() async throws {
        try await TestService.with { service in
            try await service.append([Sample.call(Sample.alpha, "delete", 404, at: 10)])
            let answer = try await life(service)
            #expect(answer["appeared"] == .null && answer["went"] == .null)
            #expect(answer["chain"]?.column("id") == [.string(Sample.alpha.lower)])
            #expect(answer["chain"]?.column("first_seen") == [.null])
        }
    }

    @Test("A late event changes how a server came; as of what was known before, it does not")
    func late() async throws {
        try await TestService.with { service in
            try await service.append([Sample.status(Sample.alpha, "active", at: 20)])
            try await service.append([
                Sample.status(Sample.alpha, "manage_starting", at: 10),
                Sample.call(Sample.alpha, "manage", 202, at: 9, ["request_id": "req-1"]),
                Sample.status(Sample.alpha, "absent", at: 30),
            ])
            let now = try await life(service)
            #expect(now.at("appeared.status") == "manage_starting")
            #expect(now.at("appeared.cause.request_id") == "req-1")
            #expect(now.at("went.at") == .string(Sample.text(30)))
            let then = try await life(service, "?known_at=1")
            #expect(then.at("appeared.status") == "active")
            #expect(then.at("appeared.cause") == .null)
            #expect(then["went"] == .null)
        }
    }
}
