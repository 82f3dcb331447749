import DatabaseTesting
import Foundation
import Postgres
import ShareServers
import Testing

/// `dossier tokens`, and commands that ask with one.
@Suite(.log, .timeLimit(.minutes(20))) struct TokenCommandTests {
    private func create(_ arguments: [String]) async throws -> String {
        let made = try await Program.run(["tokens", "create"] + arguments, environment: DatabaseTrait.environment)
        try #require(made.status == 0, "\(made.errors)")
        let token = String(made.output.dropLast())
        #expect(token.wholeMatch(of: /dossier_[0-9a-f]{16}_[0-9a-f]{72}/) != nil, "\(made.output)")
        #expect(!made.errors.contains(token))
        return token
    }

    @Test("Tokens are made, listed and revoked, and no list holds one")
    func life() async throws {
        let environment = DatabaseTrait.environment
        let token = try await create(["--role", "read", "--project", "p1", "--project", "p2", "--name", "audit, north"])
        let short = try await create(["--role", "ingest", "--expires", "90d"])
        let id = String(token.dropFirst(8).prefix(16))
        for format in ["table", "json", "csv"] {
            let listed = try await Program.run(["tokens", "list", "--output", format], environment: environment)
            #expect(listed.status == 0 && listed.output.contains(id) && listed.output.contains("audit, north"))
            #expect(!listed.output.contains(token.dropFirst(25)))
        }
        let revoked = try await Program.run(["tokens", "revoke", id], environment: environment)
        #expect(revoked.status == 0, "\(revoked.errors)")
        let listed = try await Program.run(["tokens", "list", "--output", "json"], environment: environment)
        let tokens = try JSON(parsing: Array(listed.output.utf8))["tokens"]?.array ?? []
        #expect(tokens.map { $0["state"]?.string } == ["revoked", "valid"])
        #expect(tokens.first?["projects"] == ["p1", "p2"])
        let expires = try #require(tokens.last?["expires_at"]?.string.flatMap { Timestamp($0) })
        let life = Double(expires.microseconds) / 1e6 - Date.now.timeIntervalSince1970
        #expect(abs(life - 90 * 86_400) < 1200)
        #expect(short.contains(tokens.last?["id"]?.string ?? "-"))
        // Nothing of the secret is in the database.
        let dump = try await Program.shell("pg_dump \(DatabaseTrait.url.quoted)")
        if dump.status == 0 { #expect(!dump.output.contains(token.dropFirst(25).prefix(64))) }
    }

    @Test(
        "What cannot be is said, and nothing is made",
        arguments: [
            (["--role", "ingest", "--project", "p"], "--role read"), (["--role", "owner"], "owner"),
            (["--role", "read", "--expires", "2020-01-01T00:00:00Z"], "no time to come"),
        ])
    func refused(arguments: [String], said: String) async throws {
        let made = try await Program.run(["tokens", "create"] + arguments, environment: DatabaseTrait.environment)
        #expect(made.status == 64 && made.errors.contains(said), "\(made.errors)")
    }

    @Test("Commands ask with a token from the environment or a file, and say what to do without one")
    func asking() async throws {
        try await withDirectory { directory in
            let service = try await RunningProgram.start(
                ["serve", "--listen", "127.0.0.1:0"], environment: DatabaseTrait.environment, ready: "answers at")
            let url = try String(#require(service.output.firstMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+/)).0)
            func ask(_ environment: [String: String] = [:], _ more: [String] = []) async throws -> Program.Outcome {
                try await Program.run(["servers", "--url", url] + more, environment: environment)
            }
            #expect(try await ask().status == 0)
            let (token, pusher) = (try await create(["--role", "read"]), try await create(["--role", "ingest"]))
            let deadline = ContinuousClock.now + .seconds(600)
            while try await ask().status == 0, ContinuousClock.now < deadline {
                try await Task.sleep(for: .milliseconds(100))
            }
            let without = try await ask()
            #expect(without.status == 1 && without.errors.contains("DOSSIER_TOKEN"), "\(without.errors)")
            let foreign = try await ask(["DOSSIER_TOKEN": pusher])
            #expect(foreign.status == 1 && foreign.errors.contains("role 'read'"), "\(foreign.errors)")
            #expect(!foreign.errors.contains(pusher))
            #expect(try await ask(["DOSSIER_TOKEN": token]).status == 0)
            let file = directory + "/token"
            try Data((token + "\n").utf8).write(to: URL(filePath: file))
            #expect(try await ask([:], ["--token-file", file]).status == 0)
            #expect(try await ask(["DOSSIER_TOKEN_FILE": file]).status == 0)
            #expect(try await ask(["DOSSIER_TOKEN_FILE": file, "DOSSIER_TOKEN": token]).status == 64)
            #expect(try await service.end(SIGTERM) == 0)
            #expect(!service.output.contains(token) && !service.output.contains(pusher))
            // What was used is noted at the end at the latest.
            let listed = try await Program.run(
                ["tokens", "list", "--output", "json"], environment: DatabaseTrait.environment)
            let tokens = try JSON(parsing: Array(listed.output.utf8))["tokens"]?.array ?? []
            #expect(tokens.allSatisfy { $0["used_at"]?.string != nil })
        }
    }
}
