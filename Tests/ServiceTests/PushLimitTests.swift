import DatabaseTesting
import FoundationEssentials
import HTTPTypes
import Postgres
import Service
import ShareServers
import Testing

/// `POST /v1/events` beyond what is taken: in size, in number, in time.
@Suite(.log, .timeLimit(.minutes(20))) struct PushLimitTests {
    private func line(_ id: Int) -> String {
        #"{"specversion":"1.0","id":"\#(id)","source":"/s","type":"t","time":"2026-11-23T09:00:00Z"}"# + "\n"
    }

    private func limits(_ change: (inout QueryService.PushLimits) -> Void) -> QueryService.PushLimits {
        var limits = QueryService.PushLimits()
        change(&limits)
        return limits
    }

    private func retries(_ answer: Answer) -> Bool {
        answer.headers[HTTPField.Name("Retry-After")!].flatMap { Int($0) }.map { $0 >= 1 } ?? false
    }

    private func count(_ service: TestService) async throws -> Int? {
        try await service.good("/v1/events?limit=1000")["events"]?.array?.count
    }

    @Test("More events than a body may have are refused with how many that is")
    func events() async throws {
        try await TestService.with(limits: limits { $0.events = 3 }) { service in
            let answer = try await service.push((0..<4).map { line($0) }.joined())
            #expect(answer.isProblem(413), "\(answer)")
            #expect(answer.json["detail"]?.string?.contains("3 events") == true, "\(answer)")
            #expect(try await count(service) == 0)
            #expect(try await service.push((0..<3).map { line($0) }.joined()).status == 200)
        }
    }

    @Test("A body that is too large is refused; what of it is in the log is told, and repeating it in parts is safe")
    func bytes() async throws {
        try await TestService.with(limits: limits { $0.bytes = 2_000_000 }) { service in
            let lines = (0..<30_000).map { line($0) }
            // Comes out of gzip piece by piece.
            let answer = try await service.send(
                .post, "/v1/events", [.contentType: "application/x-ndjson", .contentEncoding: "gzip"],
                body: Gzip.member(lines.joined()))
            #expect(answer.isProblem(413), "\(answer)")
            let settled = try #require(answer.json["settled"]?.int)
            #expect(settled > 0 && settled < 30_000)
            let figures = try await MetricsTests.figures(service)
            #expect(figures["dossier_log_entries_total{lane=\"0\"}"] == Double(settled))
            let parts = [lines[..<15_000], lines[15_000...]]
            var (accepted, known) = (0, 0)
            for part in parts {
                let answer = try await service.push(part.joined())
                #expect(answer.status == 200, "\(answer)")
                accepted += answer.json["accepted"]?.int ?? 0
                known += answer.json["known"]?.int ?? 0
            }
            #expect((accepted, known) == (30_000 - settled, settled))
        }
    }

    @Test("A body that says that it is too large is refused before it is read")
    func declared() async throws {
        try await TestService.with(limits: limits { $0.bytes = 1000 }) { service in
            try await service.running { port in
                try await RawConnection.with(port) { connection in
                    try await connection.beginPush(1001, "")
                    let answer = try await connection.answer(until: "}")
                    #expect(answer.hasPrefix("HTTP/1.1 413 "), "\(answer)")
                    #expect(answer.contains("1000 bytes"))
                }
            }
        }
    }

    @Test("A body that stops coming is answered with 408, and its connection closed")
    func slow() async throws {
        try await TestService.with(limits: limits { $0.pause = .seconds(1) }) { service in
            try await service.running { port in
                try await RawConnection.with(port) { connection in
                    try await connection.beginPush(10_000, line(1))
                    // Until the service closes the connection.
                    let answer = try await connection.answer()
                    #expect(answer.hasPrefix("HTTP/1.1 408 "), "\(answer)")
                    #expect(answer.contains("application/problem+json") && answer.contains("Connection: close"))
                    #expect(answer.hasSuffix("}"))
                }
            }
            #expect(try await count(service) == 0)
            let figures = try await MetricsTests.figures(service)
            #expect(figures["dossier_push_refused_total{reason=\"slow\"}"] == 1)
            #expect(figures["dossier_push_under_way"] == 0)
        }
    }

    @Test("Beyond so many at once pushes wait; beyond so many of these they are turned away, and told to come again")
    func tooMany() async throws {
        let limits = limits {
            ($0.atOnce, $0.waiting, $0.waitTime) = (1, 1, .seconds(600))
            $0.pause = .seconds(600)
        }
        try await TestService.with(limits: limits) { service in
            try await service.running { port in
                try await RawConnection.with(port) { connection in
                    let text = line(1)
                    try await connection.beginPush(text.utf8.count, String(text.prefix(10)))
                    try await expect("dossier_push_under_way", 1, service)
                    let second = Task { try await service.push(line(2)) }
                    try await expect("dossier_push_waiting", 1, service)
                    let third = try await service.push(line(3))
                    #expect(third.isProblem(429) && retries(third), "\(third)")

                    try await connection.send(String(text.dropFirst(10)))
                    let first = try await connection.answer(until: "}")
                    #expect(first.hasPrefix("HTTP/1.1 200 "), "\(first)")
                    #expect(try await second.value.status == 200)
                }
            }
            let figures = try await MetricsTests.figures(service)
            #expect(figures["dossier_push_events_total{outcome=\"accepted\"}"] == 2)
            #expect(figures["dossier_push_refused_total{reason=\"too_many\"}"] == 1)
            #expect(figures["dossier_push_waiting"] == 0 && figures["dossier_push_under_way"] == 0)
            #expect(try await count(service) == 2)
        }
    }

    private func expect(_ name: String, _ value: Double, _ service: TestService) async throws {
        try await wait(for: "\(name) to become \(value)") { try await MetricsTests.figures(service)[name] == value }
    }

    @Test("A push whose turn does not come in time is turned away as well")
    func turn() async throws {
        let limits = limits {
            ($0.atOnce, $0.waitTime) = (1, .milliseconds(100))
            $0.pause = .seconds(600)
        }
        try await TestService.with(limits: limits) { service in
            try await service.running { port in
                try await RawConnection.with(port) { connection in
                    try await connection.beginPush(100, "{")
                    try await expect("dossier_push_under_way", 1, service)
                    let second = try await service.push(line(2))
                    #expect(second.isProblem(429) && retries(second), "\(second)")
                }
            }
        }
    }

    @Test(
        "A log that does not answer in time is 503, not a hang; what was pushed is there once when it is pushed again")
    func hanging() async throws {
        try await TestService.with(limits: limits { $0.logTime = .seconds(1) }) { service in
            let holder = try await Connection.open(service.url)
            try await holder.run { try $0.execute("BEGIN; LOCK TABLE dossier.log_heads IN ACCESS EXCLUSIVE MODE") }
            let answer = try await service.push(line(1))
            #expect(answer.isProblem(503) && retries(answer), "\(answer)")
            try await holder.run { try $0.execute("ROLLBACK") }
            await holder.close()
            let again = try await service.push(line(1))
            #expect(again.status == 200, "\(again)")
            #expect(try await count(service) == 1)
        }
    }

    @Test("An empty batch is well-formed and holds nothing; an empty stream is not", arguments: ["[]", " [ \n] "])
    func emptyBatch(body: String) async throws {
        try await TestService.with { service in
            for type in ["application/cloudevents-batch+json", "application/json"] {
                let answer = try await service.push(body, as: type)
                #expect(answer.status == 200 && answer.json["results"] == [], "\(answer)")
                #expect(answer.json["accepted"] == 0 && answer.contentType == "application/json")
            }
            #expect(try await service.push("[ , ]", as: "application/json").isProblem(400))
        }
    }

    @Test(
        "What is no request is answered with a problem", arguments: ["\u{16}\u{3}\u{1}nonsense\r\n\r\n", "GET\r\n\r\n"])
    func noRequest(text: String) async throws {
        try await TestService.with { service in
            try await service.running { port in
                try await RawConnection.with(port) { connection in
                    try await connection.send(text)
                    let answer = try await connection.answer()
                    #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"), "\(answer)")
                    #expect(answer.contains("application/problem+json"), "\(answer)")
                    #expect(answer.contains("no request of HTTP/1.1"), "\(answer)")
                }
            }
        }
    }
}
