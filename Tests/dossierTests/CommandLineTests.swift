import Testing

/// What needs neither a service nor a database.
@Suite struct CommandLineTests {
    @Test(arguments: [
        ["--no-such-option"], ["nonsense"], ["show"], ["history"], ["servers", "--class", "none"],
        ["servers", "--limit", "0"], ["events", "--from", "soon"], ["import"], ["import", "--format", "xml", "a"],
        ["migrate", "--lanes", "0"], ["export", "--from", "5", "--until", "4"], ["up", "--listen", "8787"],
        ["servers", "--url", "ftp://h"], ["completion", "tcsh"], ["verify", "--output", "xml"],
        ["gateway"], ["gateway", "--upstream", "ftp://h"], ["gateway", "--upstream", "http://h", "--listen", "8788"],
        ["gateway", "--upstream", "http://h", "--spool-limit", "0"],
        ["verify", "--export", "x"], ["verify", "--verifier-key", "x"], ["prove"], ["prove", "77"], ["prove", "0/-1"],
        ["checkpoints", "--from", "1"], ["serve", "--checkpoint-interval", "0"], ["keys", "show", "x", "--lanes", "0"],
        ["verify-proof", "x", "--entry", "y"], ["prove-history", "x", "--export", "y", "--checkpoint", "z"],
    ])
    func whatMakesNoSenseIsAUsageError(arguments: [String]) async throws {
        let outcome = try await Program.run(arguments)
        #expect(outcome.status == 64)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains("Usage") || outcome.errors.contains("dossier:"))
    }

    @Test(arguments: [
        ["verify"], ["checkpoint"], ["rebuild"], ["export"], ["migrate"], ["import", "/dev/null"], ["serve"],
        ["gateway", "--upstream", "http://127.0.0.1:1"],
    ])
    func runningCommandsNeedADatabase(arguments: [String]) async throws {
        let outcome = try await withDirectory { directory in
            try await Program.run(arguments, environment: ["DOSSIER_DATA": directory])
        }
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("DOSSIER_DATABASE_URL"))
    }

    @Test(arguments: [["servers"], ["events"], ["show", "x"], ["history", "x"]])
    func whereNobodyAnswersReadingCommandsSayHowToStartOne(arguments: [String]) async throws {
        let outcome = try await Program.run(arguments, environment: ["DOSSIER_URL": "http://127.0.0.1:1"])
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("http://127.0.0.1:1"))
        #expect(outcome.errors.contains("dossier up"))
    }

    @Test func aDatabaseThatDoesNotAnswerIsAFailureNotAUsageError() async throws {
        let outcome = try await Program.run(["verify", "--database", "host=/nonexistent dbname=x"])
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("does not answer"))
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func completionScriptsComeFromTheCommandAndFromTheOption(shell: String) async throws {
        let command = try await Program.run(["completion", shell])
        let option = try await Program.run(["--generate-completion-script", shell])
        #expect(command.status == 0)
        #expect(command.output == option.output)
        for name in ["up", "import", "history", "--no-such-option"] {
            #expect(command.output.contains(name) == (name != "--no-such-option"))
        }
    }

    @Test func theBashCompletionScriptIsGoodBash() async throws {
        let outcome = try await Program.shell("\(Program.path.quoted) completion bash | bash -n")
        #expect(outcome.status == 0)
        #expect(outcome.errors.isEmpty)
    }

    @Test func helpAndVersionAreNoErrors() async throws {
        let version = try await Program.run(["--version"])
        #expect(version.status == 0)
        #expect(version.output.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+\n/) != nil)
        let help = try await Program.run(["--help"])
        #expect(help.status == 0)
        for command in [
            "up", "serve", "gateway", "migrate", "import", "export", "verify", "rebuild", "servers", "show", "history",
            "events",
        ] {
            #expect(help.output.contains("  \(command) "))
        }
    }
}

extension String {
    var quoted: String { "'" + replacing("'", with: "'\\''") + "'" }
}
