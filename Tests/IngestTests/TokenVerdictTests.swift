import DatabaseTesting
import Postgres
import ShareServers
import Testing

@testable import Ingest

/// That Keystone says whose a token is, and that its word is remembered no longer than it may be.
@Suite struct TokenVerdictTests {
    private static let inAnHour = Timestamp.now.advanced(by: .seconds(3600))
    private static let path = "/v3/auth/tokens?nocatalog"

    @Test("A valid token has its user, project and roles, and is asked about once")
    func valid() async throws {
        try await Cloud.with { cloud in
            await cloud.admit("their-token", user: "carol", expiresAt: Self.inAnHour)
            let keystone = await cloud.keystone()
            for _ in 0..<3 {
                guard case .valid(let who) = await keystone.verdict(on: "their-token") else {
                    Issue.record("not valid")
                    return
                }
                #expect(who.userID == "carol-id")
                #expect(who.userName == "carol")
                #expect(who.projectID == "5082bb060a284fc895e6bf567a48f40f")
                #expect(who.roles == ["admin", "member"])
            }
            #expect(await cloud.count("GET", Self.path) == 1)
            #expect(await cloud.requests.last?.token == "gAAAAAB-token-1")
            // The cache knows the token by its keyed hash alone.
            let keys = await keystone.known.keys
            #expect(keys.count == 1)
            #expect(keys.allSatisfy { $0.hasPrefix("hmac-sha256:") && !$0.contains("their") })
        }
    }

    @Test("Callers with the same token at the same time make one question")
    func atOnce() async throws {
        try await Cloud.with { cloud in
            await cloud.admit("their-token", user: "carol", expiresAt: Self.inAnHour)
            let keystone = await cloud.keystone()
            let verdicts = await withTaskGroup(of: KeystoneVerdict.self) { group in
                for _ in 0..<50 { group.addTask { await keystone.verdict(on: "their-token") } }
                var verdicts: Set<KeystoneVerdict> = []
                for await verdict in group { verdicts.insert(verdict) }
                return verdicts
            }
            #expect(verdicts.count == 1)
            #expect(await cloud.count("GET", Self.path) == 1)
        }
    }

    /// Waits until a token no longer counts.
    private func isForgotten(_ token: String, by keystone: Keystone) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(600)
        while await keystone.verdict(on: token) != .invalid {
            guard ContinuousClock.now < deadline else { return false }
            try await Task.sleep(for: .milliseconds(50))
        }
        return true
    }

    @Test("A token counts no longer than it lives, and not at all where it has ended")
    func expiry() async throws {
        try await Cloud.with { cloud in
            let keystone = await cloud.keystone(memory: .seconds(3600))
            let end = Timestamp.now.advanced(by: .seconds(15))
            await cloud.admit("short", user: "carol", expiresAt: end)
            await cloud.admit("old", user: "erin", expiresAt: .now.advanced(by: .seconds(-1)))
            #expect(await keystone.verdict(on: "short").isValid)
            #expect(await keystone.verdict(on: "old") == .invalid)
            await cloud.dismiss("short")
            let isForgotten = try await isForgotten("short", by: keystone)
            #expect(isForgotten)
            #expect(Timestamp.now >= end)
        }
    }

    @Test("A revoked token counts no longer than it is remembered")
    func revoked() async throws {
        try await Cloud.with { cloud in
            let keystone = await cloud.keystone(memory: .milliseconds(300))
            await cloud.admit("revoked", user: "dave", expiresAt: Self.inAnHour)
            #expect(await keystone.verdict(on: "revoked").isValid)
            await cloud.dismiss("revoked")
            let isForgotten = try await isForgotten("revoked", by: keystone)
            #expect(isForgotten)
        }
    }

    @Test("A token that Keystone does not know is invalid, and asked about again only after a while")
    func invalid() async throws {
        try await Cloud.with { cloud in
            let keystone = await cloud.keystone()
            #expect(await keystone.verdict(on: "forged") == .invalid)
            #expect(await keystone.verdict(on: "forged") == .invalid)
            #expect(await cloud.count("GET", Self.path) == 1)
            await cloud.admit("forged", user: "carol", expiresAt: Self.inAnHour)
            try await wait(for: "it to be believed") { await keystone.verdict(on: "forged").isValid }
        }
    }

    @Test(
        "What can be no token is not sent anywhere",
        arguments: ["", "a b", "a\r\nX-Evil: 1", "é", String(repeating: "a", count: 20_000)])
    func implausible(token: String) async throws {
        try await Cloud.with { cloud in
            let keystone = await cloud.keystone()
            #expect(await keystone.verdict(on: token) == .invalid)
            #expect(await cloud.requests.isEmpty)
        }
    }

    @Test("While Keystone does not answer who it is remains unknown, and callers do not wait for it again and again")
    func away() async throws {
        try await Cloud.with { cloud in
            let patience = Duration.seconds(3)
            let keystone = await cloud.keystone(patience: patience, memory: .seconds(3600))
            await cloud.admit("known", user: "carol", expiresAt: Self.inAnHour)
            #expect(await keystone.verdict(on: "known").isValid)
            await cloud.set(.silent, for: Self.path)
            #expect(await keystone.verdict(on: "new").isUnknown)
            let begun = ContinuousClock.now
            for number in 0..<20 { #expect(await keystone.verdict(on: "new-\(number)").isUnknown) }
            // Far less than twenty times as long as an answer may take.
            #expect(.now - begun < patience * 5)
            // What is remembered is answered all the same.
            #expect(await keystone.verdict(on: "known").isValid)
            #expect(await cloud.count("GET", Self.path) <= 4)
        }
    }

    @Test("Our own token is renewed where it was revoked; a malformed answer and a refusal leave it unknown")
    func ourOwn() async throws {
        try await Cloud.with { cloud in
            let keystone = await cloud.keystone()
            await cloud.admit("one", user: "carol", expiresAt: Self.inAnHour)
            _ = try await keystone.token()
            await cloud.revokeAll()
            #expect(await keystone.verdict(on: "one").isValid)
            #expect(await cloud.count("POST", "/v3/auth/tokens") == 2)
            for fault in [Cloud.Fault.body("{}"), .body("[1"), .status(403), .status(500)] {
                let keystone = await cloud.keystone()
                await cloud.set(fault, for: Self.path)
                #expect(await keystone.verdict(on: "two").isUnknown, "\(fault)")
            }
        }
    }

    @Test("No more tokens are remembered than there is room for")
    func bounded() async throws {
        try await Cloud.with { cloud in
            let keystone = await cloud.keystone()
            await keystone.fill(Keystone.knownTokens)
            await cloud.admit("one", user: "carol", expiresAt: Self.inAnHour)
            #expect(await keystone.verdict(on: "one").isValid)
            #expect(await keystone.known.count <= Keystone.knownTokens * 7 / 8 + 1)
            #expect(await keystone.verdict(on: "one").isValid)
            #expect(await cloud.count("GET", Self.path) == 1)
        }
    }
}

extension KeystoneVerdict {
    var isValid: Bool { if case .valid = self { true } else { false } }
    var isUnknown: Bool { if case .unknown = self { true } else { false } }
}

extension Keystone {
    /// As if so many tokens had been asked about.
    func fill(_ count: Int) {
        for number in 0..<count {
            known["\(number)"] = Known(verdict: .invalid, until: .now + .seconds(5 + number))
        }
    }
}
