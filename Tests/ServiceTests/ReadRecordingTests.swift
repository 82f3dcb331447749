import DatabaseTesting
import EventLog
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import ShareServers
import Testing

@testable import Service

/// That it is recorded who read what.
@Suite(.log, .timeLimit(.minutes(20))) struct ReadRecordingTests {
    private func with(
        _ failing: ReadRecording.Failing, _ body: (TestService, ReadRecording) async throws -> Void
    ) async throws {
        let admission = Admission(url: DatabaseTrait.url, isLoopback: false)
        try await TestService.with(admission: admission) { service in
            let recording = ReadRecording(log: service.log, failing: failing, logger: TestService.quiet)
            var service = service
            service.query = QueryService(
                pool: service.pool, projectPool: service.query.projectPool, log: service.log, admission: admission,
                recording: recording)
            try await body(service, recording)
        }
        await admission.close()
    }

    private func reads(_ service: TestService, _ headers: HTTPFields) async throws -> [JSON] {
        let answer = try await service.get("/v1/events?type=org.dossier.api.read", headers)
        return (answer.json["events"]?.array ?? []).compactMap { $0.at("event.data") }
    }

    @Test("What is read, and what may not be, is in the log with who, what and how it was answered")
    func closed() async throws {
        let (token, pusher) = (try await Token.made(.read, projects: ["p1"]), try await Token.made(.ingest))
        let auditor = try await Token.made(.read)
        let (mine, others): (HTTPFields, HTTPFields) = (
            [.authorization: "Bearer \(token.text)"], [.authorization: "Bearer \(pusher.text)"]
        )
        try await with(.closed) { service, _ in
            let slip = "/v1/servers?status=\(token.text)"
            #expect(try await service.get(slip, mine).status == 200)
            #expect(try await service.get("/v1/servers/\(Sample.beta.lower)", mine).status == 404)
            #expect(try await service.get("/v1/servers", others).status == 403)
            // No reads: a probe, a push, and whoever is not let in.
            _ = try await service.get("/healthz")
            #expect(try await service.push(AccessTests.event, as: "application/x-ndjson", others).status == 200)
            #expect(try await service.get("/v1/servers").status == 401)
            let reads = try await reads(service, [.authorization: "Bearer \(auditor.text)"])
            #expect(reads.map { $0["http_status"] } == [200, 404, 403])
            #expect(reads.map { $0.at("actor.id")?.string } == [token.id, token.id, pusher.id])
            #expect(reads.first?.at("actor.project_ids") == ["p1"])
            #expect(reads.last?["path"] == "/v1/servers" && reads.last?["method"] == "GET")
            #expect(reads.allSatisfy { $0["request_id"]?.string != nil })
            #expect(!"\(reads)".contains(token.text.dropFirst(25)))
            // The one that asked for them is one itself.
            let again = try await self.reads(service, [.authorization: "Bearer \(auditor.text)"])
            #expect(again.count == 4)
            #expect(again.last?["path"] == "/v1/events?type=org.dossier.api.read")
        }
    }

    @Test("Where a read cannot be recorded it is not answered, or answered all the same, as it is set")
    func failing() async throws {
        let token = try await Token.made(.read)
        let mine: HTTPFields = [.authorization: "Bearer \(token.text)"]
        try await with(.closed) { service, _ in
            await service.log.close()
            let answer = try await service.get("/v1/servers", mine)
            #expect(answer.isProblem(503), "\(answer)")
        }
        try await with(.open) { service, recording in
            let answer = try await service.get("/v1/servers", mine)
            #expect(answer.status == 200)
            #expect(try await reads(service, mine) == [])
            #expect(await recording.appendWaiting())
            #expect(try await reads(service, mine).count == 2)
            await service.log.close()
            #expect(try await service.get("/v1/servers", mine).status == 200)
            #expect(await recording.appendWaiting() == false)
        }
    }
}
