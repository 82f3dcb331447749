import DatabaseTesting
import EmbeddedPostgres
import EventLog
import Foundation
import HTTPTypes
import HummingbirdCore
import Postgres
import Schema
import ServiceLifecycle
import ShareServers
import Testing

@testable import Ingest

/// That one gateway alone records as a source.
@Suite(.timeLimit(.minutes(20))) struct SourceClaimTests {
    private static let source = "/gateway/one"

    private func claim(_ url: String, source: String = source) -> SourceClaim {
        SourceClaim(source: source, url: url, logger: SpoolTests.quiet)
    }

    /// Keeps a claim while `body` runs, and gives it back then.
    private func keeping(_ claim: SourceClaim, _ body: () async throws -> Void) async throws {
        let group = ServiceGroup(services: [claim], logger: SpoolTests.quiet)
        let running = Task { try await group.run() }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await group.triggerGracefulShutdown()
        try await running.value
        try result.get()
    }

    private func expect(_ state: SourceClaim.State, _ claim: SourceClaim) async throws {
        try await wait(for: "it to become \(state)") { await claim.state == state }
    }

    /// Why a further gateway may not have the right; tried again where PostgreSQL was too busy to say who has it.
    private func refusal(_ url: String) async throws -> IngestError? {
        let deadline = ContinuousClock.now + .seconds(600)
        while ContinuousClock.now < deadline {
            let further = claim(url)
            do throws(IngestError) { try await further.take() } catch { return error }
            let state = await further.state
            try #require(state == .unknown, "it is \(state)")
        }
        return nil
    }

    @Test("A second gateway with the same source is refused while the first runs, and one with another is not", .log)
    func second() async throws {
        let first = claim(DatabaseTrait.url)
        try await first.take()
        #expect(await first.state == .held)
        try await keeping(first) {
            let error = try await refusal(DatabaseTrait.url)
            guard case .sourceInUse(Self.source) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect("\(error!)".contains("--source"))
            let other = claim(DatabaseTrait.url, source: "/gateway/two")
            try await other.take()
            #expect(await other.state == .held)
            try await keeping(other) {}
        }
        let next = claim(DatabaseTrait.url)
        try await next.take()
        #expect(await next.state == .held)
        try await keeping(next) {}
    }

    @Test("While PostgreSQL is away a gateway starts; once it is back it has the right, or says that another has")
    func away() async throws {
        try await withFolder { folder in
            var postgres = try await EmbeddedPostgres.start(directory: folder + "/pg")
            try await Migration.migrate(url: postgres.url())
            await postgres.stop()
            let (one, other) = (claim(postgres.url()), claim(postgres.url()))
            try await one.take()
            try await other.take()
            let states = [await one.state, await other.state]
            #expect(states == [.unknown, .unknown])

            postgres = try await EmbeddedPostgres.start(directory: folder + "/pg")
            do {
                try await keeping(one) {
                    try await expect(.held, one)
                    try await keeping(other) {
                        try await expect(.taken, other)
                        let metrics = await other.metrics()
                        #expect(metrics.contains("\ndossier_gateway_source{right=\"taken\"} 1\n"), "\(metrics)")
                        #expect(metrics.contains("\ndossier_gateway_source{right=\"held\"} 0\n"))
                        // A restart of PostgreSQL frees the right: one of both has it again, and the other has not.
                        await postgres.stop()
                        try await expect(.unknown, one)
                        postgres = try await EmbeddedPostgres.start(directory: folder + "/pg")
                        try await wait(for: "one to have it again") {
                            await Set([one.state, other.state]) == [.held, .taken]
                        }
                    }
                }
            } catch {
                await postgres.stop()
                throw error
            }
            await postgres.stop()
        }
    }

    @Test("Where another gateway has the source, this one is not ready and marks none of the other's calls", .log)
    func taken() async throws {
        let path = "/v2/share-servers/8c041935-231e-405a-a0d2-d5b0acdceb46"
        let asked = Exchange(
            method: "DELETE", target: path, startedAt: .now.advanced(by: .seconds(-60)), duration: .seconds(1),
            status: 0)
        let call = try #require(Call(recognising: asked))
        let log = try await TestLog.open()
        let redaction = Redaction(key: log.log.redactionKey)
        // What the other has passed on just now.
        _ = try await log.log.append([
            try call.intent(of: asked, id: "i", source: TestGateway.source, redaction: redaction)
        ])
        await log.log.close()
        let other = claim(DatabaseTrait.url, source: TestGateway.source)
        try await other.take()
        try await TestGateway.with(TestUpstream { _, _ in .manila(200, "{}") }) { gateway in
            let claim = gateway.gateway.claim
            try await keeping(other) {
                try await expect(.taken, claim)
                #expect(await gateway.gateway.readiness().status == .serviceUnavailable)
                // Some rounds of looking for such calls, each half a second.
                try await Task.sleep(for: .seconds(3))
                #expect(try await TestGateway.entries().map(\.id) == ["intent/i"])
            }
            // The other has ended without an answer: now nobody knows what came of it.
            try await expect(.held, claim)
            try await wait(for: "the call to be marked") { try await TestGateway.entries().count >= 2 }
            #expect(try await TestGateway.entries().map(\.id) == ["intent/i", "call/i"])
            #expect(await gateway.gateway.readiness().status == .ok)
        }
    }
}
