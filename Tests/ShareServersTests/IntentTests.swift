import Postgres
import ShareServers
import Testing

/// What is recorded of a call before it is passed on.
@Suite struct IntentTests {
    private static let server = "8c041935-231e-405a-a0d2-d5b0acdceb46"
    private let redaction = Redaction(key: [UInt8](repeating: 7, count: 32))

    private func exchange(_ body: String) throws -> Exchange {
        var exchange = Exchange(
            method: "POST", target: "/v2/share-servers/\(Self.server)/action?token=abc",
            requestHeaders: [("X-User-Id", "mallory"), ("X-Auth-Token", "s3cret")], requestBody: Array(body.utf8),
            startedAt: try #require(Timestamp("2026-11-23T10:00:00Z")), duration: .seconds(-1), status: 0)
        exchange.caller = .unverified
        return exchange
    }

    private func data(_ event: Event) throws -> JSON {
        try #require(try JSON(parsing: event.canonical)["data"])
    }

    @Test("An intent says who asks for what, and its unknown outcome is the call that its real one would be")
    func outcome() throws {
        let exchange = try exchange(#"{"unmanage": {"force": true, "password": "p"}}"#)
        let call = try #require(Call(recognising: exchange))
        let intent = try call.intent(of: exchange, id: "7", source: "/gateway/a", redaction: redaction)
        #expect(intent.id == "intent/7" && intent.type == "org.dossier.gateway.intent")
        #expect(try data(intent)["operation"] == "unmanage")
        #expect(try data(intent)["actor"] == ["verified": false])
        let text = String(decoding: intent.canonical, as: UTF8.self)
        for secret in ["s3cret", "mallory", #""p""#, "token=abc"] { #expect(!text.contains(secret), "\(secret)") }
        // Projections go by these columns: an intent is in none.
        #expect(intent.serverID == nil && intent.index == Event.Index())

        let unknown = try #require(try intent.outcomeUnknown())
        var answered = exchange
        answered.status = 202
        let reading = try Reading(of: answered, source: "/gateway/a", redaction: redaction, id: Call.outcomeID("7"))
        let known = try #require(reading).call
        #expect(unknown.key == known.key && unknown.contentHash != known.contentHash)
        #expect(unknown.type == EventType.call && unknown.serverID == known.serverID)
        #expect(unknown.index.operation == "unmanage" && unknown.index.httpStatus == nil)
        #expect(try data(unknown)["outcome"] == "unknown")
        #expect(try known.outcomeUnknown() == nil)
    }

    @Test(
        "An intent of any size is an event, and so is its unknown outcome",
        arguments: [0, 60_000, 64_900, 65_200, 1_000_000])
    func size(bytes: Int) throws {
        let exchange = try exchange(#"{"unmanage": {"force": "\#(String(repeating: "x", count: bytes))"}}"#)
        let call = try #require(Call(recognising: exchange))
        let intent = try call.intent(of: exchange, id: "7", source: "/gateway/a", redaction: redaction)
        #expect(try data(intent)["request"] != nil)
        #expect(try intent.outcomeUnknown() != nil)
    }

    @Test("Of a body that was cut the size is known, and its digest is sealed")
    func cut() throws {
        var exchange = try exchange(#"{"unmanage": {"force""#)
        exchange.wholeRequest = BodySize(bytes: 5_000_000, sha256: String(repeating: "a", count: 64))
        let call = try #require(Call(recognising: exchange))
        let omitted = try data(call.event(of: exchange, source: "/a", redaction: redaction))["request"]?["omitted"]
        #expect(omitted?["bytes"] == 5_000_000)
        #expect(omitted?["sha256"]?["redacted"]?.string?.hasPrefix("hmac-sha256:") == true)
        #expect(omitted?["head"] == #"{"unmanage": {"force""#)
    }
}
