import Foundation
import Testing

/// `dossier keys`.
@Suite struct KeyCommandTests {
    @Test func aKeyIsItsOwnersAloneAndShowsTheVerifierKeyThatWasPrinted() async throws {
        try await withDirectory { directory in
            let path = directory + "/log.key"
            let made = try await Program.shell(
                "umask 0; \(Program.path.quoted) keys generate --origin audit.example/log \(path)")
            #expect(made.status == 0, "\(made.errors)")
            #expect(made.output.wholeMatch(of: /audit\.example\/log\+[0-9a-f]{8}\+A[A-Za-z0-9+\/]{43}\n/) != nil)
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o7777 == 0o600)
            let shown = try await Program.run(["keys", "show", path])
            #expect(shown.output == made.output)
            let secret = try String(contentsOfFile: path, encoding: .utf8)
            #expect(secret.hasPrefix("PRIVATE+KEY+audit.example/log+"))
            #expect(!made.output.contains(secret.suffix(20).dropLast()))
            let lanes = try await Program.run(["keys", "show", "--lanes", "3", path])
            let names = lanes.output.split(separator: "\n").map { $0.prefix { $0 != "+" } }
            #expect(names == ["audit.example/log/lane/0", "audit.example/log/lane/1", "audit.example/log/lane/2"])
        }
    }

    @Test func aKeyThatIsThereIsNotWrittenOver() async throws {
        try await withDirectory { directory in
            let path = directory + "/log.key"
            try "mine".write(toFile: path, atomically: true, encoding: .utf8)
            let outcome = try await Program.run(["keys", "generate", path])
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("there already"))
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
        }
    }

    @Test(arguments: [0o640, 0o604, 0o620, 0o601])
    func aKeyThatOthersCanReachIsRefused(mode: Int) async throws {
        try await withDirectory { directory in
            let path = directory + "/log.key"
            #expect(try await Program.run(["keys", "generate", path]).status == 0)
            #expect(chmod(path, mode_t(mode)) == 0)
            let outcome = try await Program.run(["keys", "show", path])
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("chmod 600"))
            #expect(outcome.output.isEmpty)
        }
    }

    @Test func whatIsNoKeyIsRefusedAndNotShown() async throws {
        try await withDirectory { directory in
            let path = directory + "/log.key"
            try "PRIVATE+KEY+a+00000000+c2VjcmV0".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(chmod(path, 0o600) == 0)
            let outcome = try await Program.run(["keys", "show", path])
            #expect(outcome.status == 1)
            #expect(!outcome.errors.contains("c2VjcmV0"))
            let named = try await Program.run(["keys", "generate", "--origin", "a b", directory + "/other"])
            #expect(named.status == 64)
            #expect(!FileManager.default.fileExists(atPath: directory + "/other"))
        }
    }
}
