import DatabaseTesting
import Foundation
import ShareServers
import Testing

/// What is checked without a database: proofs, exports, histories.
@Suite(.log, .timeLimit(.minutes(20))) struct ProofCommandTests {
    @Test func anExportIsWhatWasSignedAndMayBeLonger() async throws {
        try await SignedLog.with { log in
            try await log.sign()
            let checkpoint = ["--checkpoint", log.checkpoint, "--verifier-key", log.verifierKey]
            let whole = try await Program.run(["verify", "--export", log.export] + checkpoint)
            #expect(whole.status == 0, "\(whole.errors)")
            #expect(whole.output == "300 entries are those that \(SignedLog.origin) signed.\n")
            try await log.append(300..<305)
            _ = try await log.run(["export", "--to", log.export])
            let longer = try await Program.run(["verify", "--export", log.export] + checkpoint)
            #expect(longer.status == 0)
            #expect(longer.output.contains("The 5 lines after them"))
            // With the database, and with every checkpoint of the file.
            let database = try await log.run(["verify"] + checkpoint)
            #expect(database.status == 0, "\(database.errors)")
            _ = try await log.run(["checkpoint"])
            let file = ["--checkpoint", log.file, "--verifier-key", log.verifierKey]
            #expect(try await log.run(["verify"] + file).status == 0)
            let all = try await Program.run(["verify", "--export", log.export] + file)
            #expect(all.output == "305 entries are those that \(SignedLog.origin) signed.\n", "\(all.errors)")
        }
    }

    @Test func anExportThatIsNotWhatWasSignedDoesNotVerify() async throws {
        try await SignedLog.with(0..<40) { log in
            try await log.sign()
            let lines = try String(contentsOfFile: log.export, encoding: .utf8).split(separator: "\n").map { $0 + "\n" }
            var changed = [lines, lines, lines, lines, lines]
            changed[0][17] = changed[0][17].replacing("/test", with: "/tesT")
            changed[1].remove(at: 17)
            changed[2].insert(lines[3], at: 17)
            changed[3].swapAt(17, 18)
            changed[4].removeLast()
            for lines in changed {
                try lines.joined().write(toFile: log.export, atomically: true, encoding: .utf8)
                let outcome = try await Program.run([
                    "verify", "--export", log.export, "--checkpoint", log.checkpoint, "--verifier-key", log.verifierKey,
                ])
                #expect(outcome.status == 2, "\(outcome)")
                let history = try await Program.run([
                    "prove-history", Lines.server, "--export", log.export, "--checkpoint", log.checkpoint,
                    "--verifier-key", log.verifierKey,
                ])
                #expect(history.status == 2)
                #expect(history.output.isEmpty)
            }
        }
    }

    @Test func whatACrashLeftOfACheckpointIsToldAndTheOthersHold() async throws {
        try await SignedLog.with(0..<10) { log in
            let note = try await log.sign()
            let kept = try String(contentsOfFile: log.file, encoding: .utf8)
            try #require(kept == note + "\n")
            let path = log.directory + "/torn"
            let arguments = ["verify", "--export", log.export, "--checkpoint", path, "--verifier-key", log.verifierKey]
            for count in [1, 20, SignedLog.origin.count + 1, note.count - 5, note.count - 1] {
                try (kept + note.prefix(count)).write(toFile: path, atomically: true, encoding: .utf8)
                let outcome = try await Program.run(arguments)
                #expect(outcome.status == 0, "\(count): \(outcome.errors)")
                #expect(outcome.errors.contains("The last \(note.prefix(count).utf8.count) bytes"), "\(count)")
            }
            // What is whole and not by the key is no crash.
            for other in [kept + note.replacing("\n10\n", with: "\n11\n"), note.replacing("\n10\n", with: "\n11\n")] {
                try other.write(toFile: path, atomically: true, encoding: .utf8)
                #expect(try await Program.run(arguments).status == 2)
            }
        }
    }

    @Test func aKeyThatDidNotSignConvincesNobody() async throws {
        try await SignedLog.with(0..<10) { log in
            try await log.sign()
            let other = try await Program.run([
                "keys", "generate", "--origin", SignedLog.origin, log.directory + "/other.key",
            ])
            let key = other.output.trimmingCharacters(in: .newlines)
            let outcome = try await Program.run([
                "verify", "--export", log.export, "--checkpoint", log.checkpoint, "--verifier-key", key,
            ])
            #expect(outcome.status == 2)
            #expect(outcome.errors.contains("none of the keys"))
            let none = try await Program.run(["verify", "--export", log.export, "--checkpoint", log.checkpoint])
            #expect(none.status == 64)
            let alone = try await Program.run(["verify", "--export", log.export])
            #expect(alone.status == 64)
        }
    }

    @Test func aRewrittenDatabaseDoesNotVerifyAgainstACheckpoint() async throws {
        try await SignedLog.with { log in
            try await log.sign()
            var environment = log.environment
            environment["DOSSIER_DATABASE_URL"] = try await DatabaseTrait.another()
            // Sound in itself: who has the database only can make such a one.
            _ = try await Program.run(["import", "-"], environment: environment, input: Lines.text(0..<320))
            #expect(try await Program.run(["verify"], environment: environment).status == 0)
            let outcome = try await Program.run(
                ["verify", "--checkpoint", log.checkpoint, "--verifier-key", log.verifierKey], environment: environment)
            #expect(outcome.status == 2)
            #expect(outcome.output.contains("not what was signed of the first 300 entries"), "\(outcome)")
        }
    }

    @Test func anEntryIsProvenAndNoOtherByItsProof() async throws {
        try await SignedLog.with { log in
            try await log.sign()
            try await log.append(300..<301)
            try await log.serving(["--checkpoint-interval", "3600"]) { url in
                let reading = ["DOSSIER_URL": url]
                let (proof, entry) = (log.directory + "/e.tlog-proof", log.directory + "/entry")
                let made = try await Program.run(["prove", "0/77", "--entry-to", entry], environment: reading)
                #expect(made.status == 0, "\(made.errors)")
                try made.output.write(toFile: proof, atomically: true, encoding: .utf8)
                let check = ["verify-proof", proof, "--verifier-key", log.verifierKey, "--entry"]
                let good = try await Program.run(check + [entry])
                #expect(good.status == 0, "\(good.errors)")
                #expect(good.output.contains("index 77 of \(SignedLog.origin), as signed of its first 300 entries"))
                let lines = try String(contentsOfFile: log.export, encoding: .utf8).split(separator: "\n")
                #expect(try await Program.run(check + ["-"], input: lines[77] + "\n").status == 0)
                let other = try await Program.run(check + ["-"], input: lines[78] + "\n")
                #expect(other.status == 2)
                #expect(other.errors.contains("not the one at index 77"))
                let uncovered = try await Program.run(["prove", "0/300"], environment: reading)
                #expect(uncovered.status == 1)
                #expect(uncovered.errors.contains("no checkpoint covers entry 0/300 yet"))
                #expect(try await Program.run(["prove", "0/301"], environment: reading).status == 1)
                #expect(try await Program.run(["prove", "77"], environment: reading).status == 64)
                let listed = try await Program.run(["checkpoints", "--output", "json"], environment: reading)
                #expect(try JSON(parsing: listed.output)["checkpoints"]?.array?.first?["size"]?.int == 300)
                let consistency = try await Program.run(
                    ["checkpoints", "--from", "3", "--to", "300"], environment: reading)
                #expect(try JSON(parsing: consistency.output)["hashes"]?.array?.isEmpty == false)
            }
        }
    }

    @Test func allThatIsSaidOfAServerIsPrintedAndNothingElse() async throws {
        try await SignedLog.with(0..<30) { log in
            let other = Lines.text(0..<30)
                .replacing(Lines.server, with: "0f8a4c1e-0000-4000-8000-000000000002")
                .replacing("\"source\":\"/test\"", with: "\"source\":\"/other\"")
            #expect(try await log.run(["import", "-"], input: other).status == 0)
            try await log.sign()
            try await log.append(30..<33)
            _ = try await log.run(["export", "--to", log.export])
            let arguments = [
                "--export", log.export, "--checkpoint", log.checkpoint, "--verifier-key", log.verifierKey,
            ]
            let outcome = try await Program.run(["prove-history", Lines.server.uppercased()] + arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
            let lines = try String(contentsOfFile: log.export, encoding: .utf8).split(separator: "\n")
            // The three that came after the checkpoint are not vouched for.
            let its = Array(lines.filter { $0.contains(Lines.server) }.dropLast(3))
            #expect(outcome.output.split(separator: "\n") == its)
            #expect(outcome.errors.contains("30 entries of server"))
            #expect(outcome.errors.contains("none is missing"))
            let lanes = try await Program.run(["prove-history", Lines.server, "--lanes", "2"] + arguments)
            #expect(lanes.status == 64)
        }
    }
}
