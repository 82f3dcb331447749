import AsyncHTTPClient
import DatabaseTesting
import EventLog
import FoundationEssentials
import HTTPTypes
import Logging
import ServiceLifecycle
import ShareServers
import Testing
import TransparencyLog

@testable import Service

/// What the service signs, says of it, and proves by it.
@Suite(.log, .timeLimit(.minutes(20))) struct CheckpointRouteTests {
    /// A name without blanks is always taken.
    // The name is a good one.
    static let key = try! SigningKey(generating: "audit.example/log")

    static func checkpointing(_ service: TestService, interval: Duration = .seconds(3600)) -> Checkpointing {
        Checkpointing(
            url: service.url, signer: Signer(keys: [key], lanes: service.log.lanes), lanes: service.log.lanes,
            file: nil,
            interval: interval, witnesses: [], http: .shared, logger: TestService.quiet)
    }

    private func fill(_ service: TestService, _ count: Int) async throws {
        _ = try await service.log.append(
            (0..<count).map { try Sample.status(Sample.server(1000 + $0), "active", at: Double($0)) })
    }

    @Test("Before anything was signed there is nothing to list, to serve or to prove by")
    func unsigned() async throws {
        try await TestService.with { service in
            try await fill(service, 3)
            #expect(try await service.good("/v1/checkpoints")["checkpoints"] == [])
            #expect(try await service.get("/checkpoint").isProblem(404))
            #expect(try await service.get("/tile/0/000.p/1").isProblem(404))
            #expect(try await service.get("/v1/events/0/0/proof").isProblem(409))
            #expect(try await service.get("/v1/events/0/3/proof").isProblem(404))
            #expect(try await service.get("/v1/checkpoints/consistency?from=1&to=2").isProblem(409))
            let figures = try await MetricsTests.figures(service)
            #expect(!figures.keys.contains { $0.hasPrefix("dossier_checkpoint") })
        }
    }

    @Test("What was signed is listed page by page, the newest first, and served as it was signed")
    func listed() async throws {
        try await TestService.with { service in
            let checkpointing = Self.checkpointing(service)
            var notes: [String] = []
            for _ in 0..<5 {
                try await fill(service, 1 + notes.count)
                notes.insert(try await checkpointing.sign()[0].note.description, at: 0)
            }
            let pages = try await service.pages("/v1/checkpoints?limit=2", of: "checkpoints")
            #expect(pages.map(\.count) == [2, 2, 1])
            let listed = pages.flatMap { $0 }
            #expect(listed.compactMap { $0["note"]?.string } == notes)
            #expect(listed.compactMap { $0["size"]?.int } == [5, 4, 3, 2, 1])
            let served = try await service.get("/checkpoint")
            #expect(served.text == notes[0])
            #expect(served.contentType == "text/plain; charset=utf-8")
            #expect(served.headers[.cacheControl] == "no-cache")
            let checkpoint = try Checkpoint.verified(SignedNote(served.body), by: [Self.key.verifierKey])
            #expect(checkpoint.size == 5)
            let figures = try await MetricsTests.figures(service)
            #expect(figures["dossier_checkpoint_entries{lane=\"0\"}"] == 5)
        }
    }

    @Test("Every entry that a checkpoint covers is proven by it, and any two checkpoints by each other")
    func proofs() async throws {
        try await TestService.with { service in
            try await fill(service, 20)
            let signed = try await Self.checkpointing(service).sign()[0]
            try await fill(service, 25)
            for position in 0..<20 {
                let answer = try await service.get("/v1/events/0/\(position)/proof")
                #expect(answer.contentType == "text/plain; charset=utf-8")
                let proof = try EntryProof(answer.body)
                let entry = try await service.good("/v1/events/0/\(position)").at("entry.event")
                let body = try #require(entry?.canonical())
                #expect(try proof.verified(body, by: [Self.key.verifierKey]).size == 20)
                #expect(proof.index == UInt64(position))
            }
            let uncovered = try await service.get("/v1/events/0/20/proof")
            #expect(uncovered.isProblem(409))
            #expect(uncovered.json["detail"]?.string?.contains("the newest is of 20 entries") == true)
            for (from, to) in [(1, 20), (7, 13), (16, 20), (20, 20)] {
                let answer = try await service.good("/v1/checkpoints/consistency?from=\(from)&to=\(to)")
                let path = (answer["hashes"]?.array ?? []).compactMap { $0.string.flatMap { MerkleHash(base64: $0) } }
                let roots = try ["from", "to"].map {
                    try #require(answer.at("\($0).root")?.string.flatMap { MerkleHash(base64: $0) })
                }
                #expect(
                    Proof.verifyConsistency(
                        from: UInt64(from), root: roots[0], to: UInt64(to), root: roots[1], path: path))
                if to == 20 { #expect(roots[1] == signed.root) }
            }
            for query in [
                "", "from=1", "from=0&to=2", "from=3&to=2", "from=1&to=21", "from=1&to=x", "from=1&to=2&lane=1",
            ] {
                #expect(try await service.get("/v1/checkpoints/consistency?\(query)").status == 400, "\(query)")
            }
            #expect(try await service.get("/v1/events/0/x/proof").isProblem(400))
        }
    }

    @Test("Of a log with one lane the tiles have bare names, of one with several those of their lanes")
    func names() async throws {
        try await TestService.with { service in
            try await fill(service, 3)
            _ = try await Self.checkpointing(service).sign()
            let tile = try await service.get("/tile/0/000.p/3")
            #expect(tile.body.count == 96)
            #expect(tile.contentType == "application/octet-stream")
            #expect(tile.headers[.cacheControl] == "max-age=31536000, immutable")
            #expect(try await service.get("/tile/0/000.p/4").isProblem(404))
            #expect(try await service.get("/tile/0/000").isProblem(404))
            #expect(try await service.get("/tile/1/000.p/1").isProblem(404))
            #expect(try await service.get("/tile/entries/x001/234/567").isProblem(404))
            #expect(try await service.get("/lane/0/checkpoint").isProblem(404))
            #expect(try await service.get("/lane/0/tile/0/000.p/1").isProblem(404))
            #expect(try await service.send(.head, "/tile/entries/000.p/1").status == 200)
        }
    }

    @Test("A proof that would not verify is not given")
    func altered() async throws {
        try await TestService.with { service in
            try await fill(service, 5)
            _ = try await Self.checkpointing(service).sign()
            #expect(try await service.get("/v1/events/0/2/proof").status == 200)
            try await service.tamper("UPDATE dossier.entries SET body = replace(body, 'a', 'b') WHERE position = 2")
            #expect(try await service.get("/v1/events/0/2/proof").isProblem(500))
            #expect(try await service.get("/v1/events/0/1/proof").status == 200)
        }
    }

    @Test("A lane that is not what was signed of it is said in readiness and figures, and all else is answered")
    func refused() async throws {
        try await TestService.with { service in
            try await fill(service, 5)
            let checkpointing = Self.checkpointing(service)
            _ = try await checkpointing.sign()
            let query = QueryService(
                pool: service.pool, projectPool: service.pool, log: service.log, admission: nil,
                checkpointing: checkpointing.state)
            try await service.tamper("UPDATE dossier.entries SET leaf_hash = sha256('x') WHERE position = 2")
            await checkpointing.signDue()
            let refusing = TestService(url: service.url, log: service.log, pool: service.pool, query: query)
            let ready = try await refusing.good("/readyz")
            #expect(ready["status"] == "ready")
            #expect(ready.at("checkpoints.0.lane") == 0)
            #expect(ready.at("checkpoints.0.refused")?.string?.contains("not what was signed of it") == true)
            #expect(try await MetricsTests.figures(refusing)["dossier_checkpoint_refused{lane=\"0\"}"] == 1)
            #expect(try await refusing.get("/v1/servers").status == 200)
            await #expect(throws: LogError.self) { try await checkpointing.sign() }
            #expect(try await service.good("/v1/checkpoints")["checkpoints"]?.array?.count == 1)
        }
    }

    @Test("Of several processes one makes each checkpoint, and none before its time")
    func several() async throws {
        try await TestService.with { service in
            let all = (0..<4).map { _ in Self.checkpointing(service) }
            for round in 1...3 {
                try await fill(service, round)
                await withTaskGroup(of: Void.self) { group in
                    for one in all { group.addTask { await one.signDue() } }
                }
                // The first is due at once; those after it not for an hour.
                let sizes = try await service.good("/v1/checkpoints")["checkpoints"]?.column("size")
                #expect(sizes == [1])
            }
            try await service.tamper("UPDATE dossier.checkpoints SET made_at = made_at - interval '2 hours'")
            await withTaskGroup(of: Void.self) { group in
                for one in all { group.addTask { await one.signDue() } }
            }
            let sizes = try await service.good("/v1/checkpoints")["checkpoints"]?.column("size")
            #expect(sizes == [3, 1])
        }
    }

    @Test("A checkpoint of the future, made before a clock was set back, keeps none from being made")
    func clockSetBack() async throws {
        try await TestService.with { service in
            let checkpointing = Self.checkpointing(service)
            try await fill(service, 1)
            await checkpointing.signDue()
            try await service.tamper("UPDATE dossier.checkpoints SET made_at = made_at + interval '1 day'")
            try await fill(service, 2)
            await checkpointing.signDue()
            let sizes = try await service.good("/v1/checkpoints")["checkpoints"]?.column("size")
            #expect(sizes == [2, 1])
        }
    }

    @Test("Running, it signs what is appended, and ends when it is told to")
    func running() async throws {
        try await TestService.with { service in
            let checkpointing = Self.checkpointing(service, interval: .milliseconds(50))
            let running = Task { try await checkpointing.run() }
            for count in [4, 9] {
                try await fill(service, count)
                try await wait(for: "a checkpoint of \(count) entries") {
                    let checkpoints = try await service.good("/v1/checkpoints")["checkpoints"]?.array
                    return checkpoints?.first?["size"] == .number(Double(count))
                }
            }
            running.cancel()
            try await running.value
        }
    }
}
