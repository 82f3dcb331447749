import DatabaseTesting
import HTTPTypes
import ShareServers
import Testing

@testable import Service

/// How much may be asked, and how often nobody may be let in.
@Suite(.log, .timeLimit(.minutes(20))) struct AllowanceTests {
    private static let start = ContinuousClock.now

    @Test("So many a second are allowed, and as many as were saved up at once")
    func rate() {
        var allowances = Allowances(perSecond: 2, most: 4)
        for _ in 0..<4 {
            #expect(allowances.wait("a", now: Self.start) == nil)
            allowances.charge("a", now: Self.start)
        }
        #expect(allowances.wait("a", now: Self.start) == 1)
        #expect(allowances.wait("b", now: Self.start) == nil)
        let later = Self.start + .milliseconds(500)
        #expect(allowances.wait("a", now: later) == nil)
        allowances.charge("a", now: later)
        #expect(allowances.wait("a", now: later) == 1)
        // No more is saved up than there may be, however long nobody asks.
        let muchLater = Self.start + .seconds(3600)
        for _ in 0..<4 { allowances.charge("a", now: muchLater) }
        #expect(allowances.wait("a", now: muchLater) == 1)
        var slow = Allowances(perSecond: 0.1, most: 1)
        slow.charge("a", now: Self.start)
        #expect(slow.wait("a", now: Self.start) == 10)
    }

    @Test("However many ask, so many are remembered, and those who asked last are among them")
    func bounded() {
        var allowances = Allowances(perSecond: 1e-6, most: 1, limit: 100)
        for number in 0..<10_000 { allowances.charge("\(number)", now: Self.start + .milliseconds(number)) }
        let now = Self.start + .seconds(10)
        #expect((0..<10_000).count { allowances.wait("\($0)", now: now) != nil } <= 100)
        #expect(allowances.wait("9999", now: now) != nil)
    }

    private func with(
        _ change: (inout Admission.Limits) -> Void, _ body: (TestService, Admission) async throws -> Void
    ) async throws {
        var limits = Admission.Limits()
        change(&limits)
        let admission = Admission(url: DatabaseTrait.url, isLoopback: false, limits: limits)
        try await TestService.with(admission: admission) { try await body($0, admission) }
        await admission.close()
    }

    private func bearer(_ token: Token) -> HTTPFields { [.authorization: "Bearer \(token.text)"] }

    @Test("Who asks more often than a token may is told when to ask again, and others are answered")
    func tooOften() async throws {
        let (token, other) = (try await Token.made(.read), try await Token.made(.read))
        try await with {
            $0.rate = 1
        } _: { service, _ in
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for _ in 0..<100 { group.addTask { try await service.get("/v1/servers?limit=1", bearer(token)) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let refused = answers.filter { $0.status == 429 }
            #expect(!refused.isEmpty && answers.contains { $0.status == 200 })
            #expect(refused.allSatisfy { $0.isProblem(429) && $0.headers[.retryAfter].flatMap { Int($0) } ?? 0 >= 1 })
            #expect(try await service.get("/v1/servers", bearer(other)).status == 200)
            let figures = try await service.get("/metrics").text
            #expect(figures.contains("dossier_api_refused_total{reason=\"rate\"} \(refused.count)\n"))
        }
    }

    @Test("Who has as many requests under way as a token may gets one when another has ended")
    func atOnce() async throws {
        let asker = Asker(identity: .token(id: "1", name: "x"), roles: [.read], projects: nil)
        try await with {
            $0.concurrency = 1
        } _: { _, admission in
            try await admission.permit(asker, .read) {
                _ = await #expect {
                    try await admission.permit(asker, .read) {}
                } throws: {
                    ($0 as? Problem)?.status == .tooManyRequests
                }
            }
            try await admission.permit(asker, .read) {}
        }
    }

    @Test("An address that lets nobody in again and again is put off, and a token that is known is not")
    func guessing() async throws {
        let token = try await Token.made(.read)
        try await with {
            $0.failures = (1e-3, 3)
        } _: { service, _ in
            #expect(try await service.get("/v1/servers", bearer(token)).status == 200)
            for _ in 0..<3 { #expect(try await service.get("/v1/servers", bearer(Token())).status == 401) }
            let answer = try await service.get("/v1/servers", bearer(Token()))
            #expect(answer.isProblem(429) && answer.headers[.retryAfter] != nil, "\(answer)")
            #expect(try await service.get("/v1/servers").status == 429)
            #expect(try await service.get("/v2/share-servers").json.at("overLimit.code") == 429)
            #expect(try await service.get("/v1/servers", bearer(token)).status == 200)
        }
    }
}
