import DatabaseTesting
import Logging
import Postgres
import ServiceLifecycle
import ShareServers
import Synchronization
import Testing

@testable import Ingest

/// That a token which Keystone has taken back is asked about again, and no other.
@Suite(.timeLimit(.minutes(20))) struct RevocationTests {
    private static let inAnHour = Timestamp.now.advanced(by: .seconds(3600))
    private static let project = "5082bb060a284fc895e6bf567a48f40f"
    /// That of every token which the cloud admits.
    private static let issued = "2026-11-23T09:55:14.000000Z"

    private static func event(_ members: [String: JSON], issuedBefore: String = issued) -> JSON {
        .object(
            ["issued_before": .string(issuedBefore), "revoked_at": .string(Timestamp.now.description)]
                .merging(members) { $1 })
    }

    /// Whether what is remembered of carol's token is forgotten after Keystone told of `events`.
    private func isForgotten(_ events: [JSON]) async throws -> Bool {
        try await Cloud.with { cloud in
            await cloud.admit("carols", user: "carol", expiresAt: Self.inAnHour)
            let keystone = await cloud.keystone(memory: .seconds(3600))
            #expect(await keystone.verdict(on: "carols").isValid)
            await cloud.dismiss("carols")
            await cloud.set(revocations: events)
            #expect(await keystone.forgetRevoked() == nil)
            return await keystone.verdict(on: "carols") == .invalid
        }
    }

    @Test(
        "A token counts no more once it is taken back by itself, its chain, its user, project, role or domain",
        arguments: [
            ["audit_id": "x"], ["audit_chain_id": "y"], ["user_id": "carol-id"], ["project_id": .string(project)],
            ["role_id": "2"], ["domain_id": "default"], [:],
            ["user_id": "carol-id", "project_id": .string(project), "role_id": "1"],
            ["user_id": "carol-id", "expires_at": .string(inAnHour.description)],
        ] as [[String: JSON]])
    func takenBack(members: [String: JSON]) async throws {
        let isForgotten = try await isForgotten([Self.event(["user_id": "erin-id"]), Self.event(members)])
        #expect(isForgotten)
    }

    @Test(
        "A token counts on where not all that was named is its own",
        arguments: [
            ["audit_id": "y"], ["audit_chain_id": "x"], ["user_id": "erin-id"], ["project_id": "p"], ["role_id": "3"],
            ["domain_scope_id": "default"], ["OS-TRUST:trust_id": "t"], ["OS-OAUTH1:consumer_id": "c"],
            ["user_id": "carol-id", "project_id": "p"],
            ["user_id": "carol-id", "expires_at": "2026-11-23T10:00:00Z"],
        ] as [[String: JSON]])
    func another(members: [String: JSON]) async throws {
        let isForgotten = try await isForgotten([Self.event(members)])
        #expect(!isForgotten)
    }

    @Test("A token that was issued after what was taken back counts on; one of that very moment does not")
    func issued() async throws {
        let before = try await isForgotten([
            Self.event(["user_id": "carol-id"], issuedBefore: "2026-11-23T09:55:13.999999Z")
        ])
        #expect(!before)
        // Source: keystone, `keystone/revoke/backends/sql.py`: `issued_before >= issued_at`.
        let same = try await isForgotten([Self.event(["user_id": "carol-id"])])
        #expect(same)
    }

    @Test("An answer that Keystone gave while the token was being taken back is not remembered")
    func meanwhile() async throws {
        try await Cloud.with { cloud in
            let keystone = await cloud.keystone(memory: .seconds(3600))
            await cloud.set(revocations: [Self.event(["user_id": "carol-id"])])
            #expect(await keystone.forgetRevoked() == nil)
            await cloud.admit("carols", user: "carol", expiresAt: Self.inAnHour)
            #expect(await keystone.verdict(on: "carols").isValid)
            #expect(await keystone.known.isEmpty)
            await cloud.dismiss("carols")
            #expect(await keystone.verdict(on: "carols") == .invalid)
        }
    }

    /// Keeps what is logged.
    private struct Kept: LogHandler {
        final class Lines: Sendable { let value = Mutex<[String]>([]) }
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }
        func log(event: LogEvent) { lines.value.withLock { $0.append("\(event.message)") } }
    }

    @Test(
        "Where Keystone does not tell, tokens are remembered as before, and that is logged once", arguments: [403, 404])
    func untold(status: Int) async throws {
        try await Cloud.with { cloud in
            await cloud.set(.status(status), for: "/v3/OS-REVOKE")
            await cloud.admit("carols", user: "carol", expiresAt: Self.inAnHour)
            let keystone = await cloud.keystone(memory: .seconds(3600))
            #expect(await keystone.verdict(on: "carols").isValid)
            let lines = Kept.Lines()
            let revoking = keystone.revoking(logger: Logger(label: "test") { _ in Kept(lines: lines) })
            let group = ServiceGroup(services: [revoking] as [any Service], logger: SpoolTests.quiet)
            let running = Task { try await group.run() }
            try await wait(for: "the refusal to be told") { lines.value.withLock { !$0.isEmpty } }
            #expect(await keystone.forgetRevoked()?.isRefused == true)
            await group.triggerGracefulShutdown()
            try await running.value
            #expect(lines.value.withLock { $0.count } == 1)
            await cloud.dismiss("carols")
            #expect(await keystone.verdict(on: "carols").isValid)
        }
    }

    @Test("Revoked tokens are forgotten while a gateway runs, without anybody's asking")
    func followed() async throws {
        try await Cloud.with { cloud in
            await cloud.admit("carols", user: "carol", expiresAt: Self.inAnHour)
            let keystone = await cloud.keystone(memory: .seconds(3600))
            #expect(await keystone.verdict(on: "carols").isValid)
            await cloud.dismiss("carols")
            await cloud.set(revocations: [Self.event(["audit_id": "x"])])
            let group = ServiceGroup(
                services: [keystone.revoking(logger: SpoolTests.quiet)] as [any Service], logger: SpoolTests.quiet)
            let running = Task { try await group.run() }
            try await wait(for: "it to be forgotten") { await keystone.verdict(on: "carols") == .invalid }
            await group.triggerGracefulShutdown()
            try await running.value
        }
    }
}
