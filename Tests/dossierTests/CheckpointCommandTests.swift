import DatabaseTesting
import Foundation
import Testing

/// `dossier checkpoint`, and the file beside the database.
@Suite(.log, .timeLimit(.minutes(20))) struct CheckpointCommandTests {
    @Test func aCheckpointIsSignedOnceForASizeAndStandsInTheFile() async throws {
        try await SignedLog.with { log in
            let first = try await log.sign()
            #expect(first.hasPrefix("\(SignedLog.origin)\n300\n"))
            #expect(try await log.run(["checkpoint"]).output == first)
            #expect(try String(contentsOfFile: log.file, encoding: .utf8) == first + "\n")
            try await log.append(300..<301)
            let second = try await log.run(["checkpoint"]).output
            #expect(second.hasPrefix("\(SignedLog.origin)\n301\n"))
            #expect(try String(contentsOfFile: log.file, encoding: .utf8) == first + "\n" + second + "\n")
        }
    }

    @Test func withoutAKeyNothingIsSigned() async throws {
        let outcome = try await Program.run(["checkpoint"], environment: DatabaseTrait.environment)
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("--signing-key"))
    }

    @Test(arguments: [
        // What was signed is rewritten, with all that stands beside it, and from its leaf up.
        "update dossier.entries set leaf_hash = sha256('other') where position = 299",
        "update dossier.subtrees set hash = sha256('other')",
        "update dossier.log_heads set root = sha256('other')",
        "update dossier.log_heads set size = 200, root = sha256('other')",
        "update dossier.checkpoints set note = replace(note, '300', '301')",
        "update dossier.checkpoints set size = 299", "update dossier.checkpoints set root = sha256('other')",
        "update dossier.checkpoints set note = 'no note'",
    ])
    func overALogThatIsNotWhatWasSignedNothingIsSigned(change: String) async throws {
        try await SignedLog.with { log in
            try await log.sign()
            let file = try String(contentsOfFile: log.file, encoding: .utf8)
            try await DatabaseTrait.tamper(change)
            let outcome = try await log.run(["checkpoint"])
            #expect(outcome.status == 2, "\(outcome)")
            #expect(outcome.output.isEmpty)
            #expect(outcome.errors.contains("lane 0 is not what was signed of it"), "\(outcome.errors)")
            #expect(try String(contentsOfFile: log.file, encoding: .utf8) == file)
        }
    }

    @Test func aDatabaseThatForgotACheckpointIsHeldAgainstTheFile() async throws {
        try await SignedLog.with { log in
            try await log.sign()
            // As if restored from a copy of before: shorter, sound in itself, and without the checkpoint.
            let url = try await DatabaseTrait.another()
            var environment = log.environment
            environment["DOSSIER_DATABASE_URL"] = url
            let imported = try await Program.run(
                ["import", "-"], environment: environment, input: Lines.text(0..<200))
            #expect(imported.status == 0, "\(imported.errors)")
            let short = try await Program.run(["checkpoint"], environment: environment)
            #expect(short.status == 2)
            #expect(short.errors.contains("the file's last checkpoint has 300 entries, and the log only 200"))
            // And another future: as long, and not the same.
            _ = try await Program.run(["import", "-"], environment: environment, input: Lines.text(200..<320))
            let forked = try await Program.run(["checkpoint"], environment: environment)
            #expect(forked.status == 2)
            #expect(forked.errors.contains("the log was forked"), "\(forked.errors)")
        }
    }

    @Test func aBrokenEndOfTheFileIsToldAndCutOff() async throws {
        try await SignedLog.with { log in
            let first = try await log.sign()
            let torn = first + "\n" + first.prefix(100)
            try torn.write(toFile: log.file, atomically: true, encoding: .utf8)
            try await log.append(300..<310)
            let outcome = try await log.run(["checkpoint"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.contains("ends in \(String(first.prefix(100)).utf8.count) bytes"))
            #expect(
                try String(contentsOfFile: log.file, encoding: .utf8) == first + "\n" + outcome.output + "\n")
        }
    }

    @Test func eachFileOfCheckpointsHasOneByTheNewKeyBeforeTheOldOneIsLeftOut() async throws {
        try await SignedLog.with(0..<10) { log in
            try await log.sign()
            let (new, another) = (log.directory + "/new.key", log.directory + "/another")
            try FileManager.default.copyItem(atPath: log.file, toPath: another)
            _ = try await Program.run(["keys", "generate", "--origin", SignedLog.origin, new])
            let both = ["--signing-key", log.key, "--signing-key", new]
            let first = try await log.run(["checkpoint"] + both)
            #expect(first.status == 0, "\(first.errors)")
            let early = try await log.run(["checkpoint", "--signing-key", new, "--checkpoint-file", another])
            #expect(early.status == 2)
            for keys in [both, both, ["--signing-key", new]] {
                let outcome = try await log.run(["checkpoint", "--checkpoint-file", another] + keys)
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
            // Once, not each time.
            let notes = try String(contentsOfFile: another, encoding: .utf8).matches(of: /(?m)^audit\.example/)
            #expect(notes.count == 2)
        }
    }

    @Test func aKeyThatAnotherUserMountedMayBeReadByMoreButNotWritten() async throws {
        try await SignedLog.with(0..<10) { log in
            func signs(_ mode: Int, owner: Int? = nil) async throws -> Int32 {
                var attributes: [FileAttributeKey: Any] = [.posixPermissions: mode]
                if let owner { attributes[.ownerAccountID] = owner }
                try FileManager.default.setAttributes(attributes, ofItemAtPath: log.key)
                return try await log.run(["checkpoint"]).status
            }
            for mode in [0o440, 0o444, 0o640, 0o604] {
                let status = try await signs(mode)
                #expect(status == 1, "\(mode)")
            }
            // Only root can give a file away.
            guard geteuid() == 0 else { return }
            for (mode, expected) in [(0o440, 0), (0o444, 0), (0o660, 1), (0o602, 1)] as [(Int, Int32)] {
                let status = try await signs(mode, owner: 4711)
                #expect(status == expected, "\(mode)")
            }
        }
    }

    @Test func whileKeysChangeBothSignAndThenTheNewOneAlone() async throws {
        try await SignedLog.with { log in
            try await log.sign()
            let new = log.directory + "/new.key"
            let made = try await Program.run(["keys", "generate", "--origin", SignedLog.origin, new])
            let alone = try await log.run(["checkpoint", "--signing-key", new])
            #expect(alone.status == 2)
            #expect(alone.errors.contains("while keys change, give both"))
            let both = try await log.sign(["--signing-key", log.key, "--signing-key", new])
            #expect(both.matches(of: #/\n— /#).count == 2)
            let after = try await log.run(["checkpoint", "--signing-key", new])
            #expect(after.status == 0, "\(after.errors)")
            for key in [log.verifierKey, made.output.trimmingCharacters(in: .newlines)] {
                let outcome = try await log.run([
                    "verify", "--checkpoint", log.checkpoint, "--export", log.export, "--verifier-key", key,
                ])
                #expect(outcome.status == 0, "\(outcome.errors)")
            }
            let other = try await log.run(["checkpoint", "--origin", "audit.example/other"])
            #expect(other.status == 64)
        }
    }
}
