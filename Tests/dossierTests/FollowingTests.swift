import DatabaseTesting
import Foundation
import Schema
import ShareServers
import Testing

/// The log as others follow it, and a witness, by programs that know nothing of ours.
@Suite(.log, .timeLimit(.minutes(20))) struct FollowingTests {
    @Test(arguments: [1, 255, 256, 257, 700])
    func aClientWrittenFromTheSpecificationFollowsTheLog(size: Int) async throws {
        try await SignedLog.with(0..<size) { log in
            try await log.sign()
            // Served is what was signed, not what is there.
            try await log.append(size..<(size + 3))
            try await log.serving(["--checkpoint-interval", "3600"]) { url in
                let outcome = try await SignedLog.python("follow.py", [url, log.verifierKey])
                #expect(outcome.status == 0, "\(outcome.errors)")
                #expect(outcome.output == "\(size)\n")
            }
        }
    }

    @Test func eachLaneIsALogOfItsOwn() async throws {
        let url = try await DatabaseTrait.another(migrated: false)
        _ = try await Migration.migrate(url: url, lanes: 3)
        try await SignedLog.with(0..<1) { log in
            var environment = log.environment
            environment["DOSSIER_DATABASE_URL"] = url
            var lines = ""
            for server in 0..<9 {
                lines += Lines.text(0..<40).replacing(
                    Lines.server, with: "0f8a4c1e-0000-4000-8000-00000000001\(server)"
                )
                .replacing("\"source\":\"/test\"", with: "\"source\":\"/test/\(server)\"")
            }
            #expect(try await Program.run(["import", "-"], environment: environment, input: lines).status == 0)
            let signed = try await Program.run(["checkpoint"], environment: environment)
            #expect(signed.status == 0, "\(signed.errors)")
            let keys = try await Program.run(["keys", "show", "--lanes", "3", log.key]).output.split(separator: "\n")
            let running = try await RunningProgram.start(
                ["serve", "--listen", "127.0.0.1:0"], environment: environment, ready: "Dossier answers at")
            let api = try #require(running.output.firstMatch(of: /Dossier answers at (http:\/\/[0-9.:]+)/)?.1)
            var sizes = 0
            for lane in 0..<3 {
                let outcome = try await SignedLog.python("follow.py", ["\(api)/lane/\(lane)", String(keys[lane])])
                #expect(outcome.status == 0, "\(outcome.errors)")
                sizes += Int(outcome.output.trimmingCharacters(in: .newlines)) ?? 0
            }
            #expect(sizes == 9 * 40)
            // Against the database: all lanes by the key of the log, one by its own.
            let whole = ["verify", "--checkpoint", log.file, "--verifier-key", log.verifierKey]
            for arguments in [
                whole, whole + ["--lane", "1"],
                ["verify", "--checkpoint", log.directory + "/lane", "--verifier-key", String(keys[2])],
            ] {
                let note = signed.output.split(separator: "\n\n\(SignedLog.origin)/lane/2").last.map(String.init) ?? ""
                try "\(SignedLog.origin)/lane/2\(note)"
                    .write(toFile: log.directory + "/lane", atomically: true, encoding: .utf8)
                let outcome = try await Program.run(arguments, environment: environment)
                #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
            }
            #expect(try await running.end(SIGTERM) == 0)
            try signed.output.write(toFile: log.checkpoint, atomically: true, encoding: .utf8)
            try await expectLanesOffline(log, environment)
        }
    }

    /// What `checkpoint` prints of all lanes is enough to check the export of each, and each server's history in its lane.
    private func expectLanesOffline(_ log: SignedLog, _ environment: [String: String]) async throws {
        var entries = 0
        for lane in 0..<3 {
            let export = "\(log.export).\(lane)"
            let exported = try await Program.run(
                ["export", "--lane", "\(lane)", "--to", export], environment: environment)
            #expect(exported.status == 0, "\(exported.errors)")
            let signed = ["--export", export, "--checkpoint", log.checkpoint, "--verifier-key", log.verifierKey]
            let verified = try await Program.run(["verify", "--lane", "\(lane)"] + signed)
            #expect(verified.status == 0, "\(verified.errors)")
            #expect(try await Program.run(["verify"] + signed).status == 64)
            #expect(try await Program.run(["verify", "--lane", "7"] + signed).status == 64)
            for server in 0..<9 {
                let id = "0f8a4c1e-0000-4000-8000-00000000001\(server)"
                let history = try await Program.run(["prove-history", id, "--lanes", "3"] + signed)
                // Each in one lane; the export of another is not what was signed of that.
                if history.status == 0 {
                    entries += history.output.split(separator: "\n").count
                    #expect(history.errors.contains("Given that the log has 3 lanes"))
                } else {
                    #expect(history.status == 2 && history.output.isEmpty, "\(history.errors)")
                }
            }
        }
        #expect(entries == 9 * 40)
    }

    @Test func aWitnessCosignsWhatGrowsAndSaysWhatItHasSeen() async throws {
        try await SignedLog.with(0..<100) { log in
            let witness = try await log.witness()
            let vkey = witness.argument.drop { $0 != "+" }.dropFirst()
            let first = try await log.run(["checkpoint", "--witness", witness.argument])
            #expect(first.status == 0)
            #expect(first.output.contains("\n— witness.example/w1 "), "\(first.errors)")
            #expect(!first.output.contains("witness.example/other"))
            try await log.append(100..<130)
            let second = try await log.run(["checkpoint", "--witness", witness.argument])
            #expect(second.output.contains("\n130\n") && second.output.contains("\n— witness.example/w1 "))
            // What it has seen is forgotten here: it says so, and is given another proof.
            try await DatabaseTrait.tamper("delete from dossier.checkpoint_signatures")
            try await log.append(130..<160)
            let third = try await log.sign(["--witness", witness.argument])
            #expect(third.contains("\n160\n") && third.contains("\n— witness.example/w1 "))
            // Its cosignature is good, by its own key, wherever the checkpoint goes.
            let both = ["--verifier-key", log.verifierKey, "--verifier-key", String(vkey)]
            let verified = try await Program.run(
                ["verify", "--export", log.export, "--checkpoint", log.checkpoint] + both)
            #expect(verified.status == 0, "\(verified.errors)")
            try await log.serving { url in
                let listed = try await Program.run(
                    ["checkpoints", "--output", "json"], environment: ["DOSSIER_URL": url])
                #expect(try JSON(parsing: listed.output)["checkpoints"]?.array?.first?["note"]?.string == third)
                let followed = try await SignedLog.python("follow.py", [url, log.verifierKey, "130"])
                #expect(followed.output == "160\n", "\(followed.errors)")
            }
            _ = try await witness.running.end(SIGTERM)
        }
    }

    @Test func aWitnessThatSawMoreThanThereIsDoesNotCosign() async throws {
        try await SignedLog.with(0..<100) { log in
            let witness = try await log.witness()
            _ = try await log.run(["checkpoint", "--witness", witness.argument])
            // The same key over another database, and no file to tell.
            var environment = log.environment
            environment["DOSSIER_DATABASE_URL"] = try await DatabaseTrait.another()
            environment["DOSSIER_CHECKPOINT_FILE"] = log.directory + "/other"
            for (entries, reason) in [(0..<50, "a fork"), (50..<120, "it answers 422")] {
                _ = try await Program.run(["import", "-"], environment: environment, input: Lines.text(entries))
                let outcome = try await Program.run(
                    ["checkpoint", "--witness", witness.argument], environment: environment)
                #expect(outcome.status == 0)
                #expect(!outcome.output.contains("witness.example"))
                #expect(outcome.errors.contains(reason), "\(outcome.errors)")
            }
            _ = try await witness.running.end(SIGTERM)
        }
    }

    @Test func aWitnessThatIsAwayHoldsNothingUp() async throws {
        try await SignedLog.with(0..<10) { log in
            let witness = try await log.witness()
            _ = try await witness.running.end(SIGTERM)
            try await log.serving(["--witness", witness.argument, "--checkpoint-interval", "1"]) { url in
                let reading = ["DOSSIER_URL": url]
                try await log.append(10..<20)
                var size: Int?
                let deadline = ContinuousClock.now + .seconds(600)
                while size != 20, ContinuousClock.now < deadline {
                    let listed = try await Program.run(["checkpoints", "--output", "json"], environment: reading)
                    size = try JSON(parsing: listed.output)["checkpoints"]?.array?.first?["size"]?.int
                    try await Task.sleep(for: .milliseconds(200))
                }
                #expect(size == 20)
            }
        }
    }
}

extension SignedLog {
    /// A witness of this log, and what `--witness` is told of it.
    func witness() async throws -> (running: RunningProgram, argument: String) {
        let running = try await RunningProgram.start(
            ["python3", Self.clients + "/witness.py", verifierKey], of: "/usr/bin/env",
            environment: ["PYTHONDONTWRITEBYTECODE": "1"], ready: "witness http")
        let argument = try #require(running.output.firstMatch(of: /witness (http[^\n]+)/)?.1)
        return (running, String(argument))
    }
}
