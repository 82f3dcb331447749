import ArgumentParser

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The record of every OpenStack Manila share server, from the command line.
@main
struct Dossier: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "dossier",
        abstract:
            "The record of every OpenStack Manila share server: what was asked of it, by whom, and what came of it.",
        discussion: """
            Start with 'dossier up --sample': it needs no more than PostgreSQL's programs, and shows what to ask.

            Exit statuses: 0 done, 1 failed, 2 the log does not verify, 64 usage, 130 interrupted.
            Times: \(TimeArgument.accepted).
            Completion: 'dossier completion bash', zsh or fish.
            """,
        version: version,
        groupedSubcommands: [
            CommandGroup(
                name: "Run",
                subcommands: [Up.self, Serve.self, GatewayCommand.self, Poll.self, Migrate.self, Tokens.self]),
            CommandGroup(name: "Read", subcommands: [Servers.self, Show.self, History.self, Events.self, Diff.self]),
            CommandGroup(
                name: "Measure",
                subcommands: [
                    TimeInState.self, Reliability.self, Capacity.self, Calls.self, Errors.self, Stuck.self,
                    Coverage.self, Conformance.self,
                ]),
            CommandGroup(
                name: "Keep", subcommands: [Import.self, Reconcile.self, Export.self, Verify.self, Rebuild.self]),
            CommandGroup(
                name: "Prove",
                subcommands: [
                    Keys.self, CheckpointCommand.self, Checkpoints.self, Prove.self, VerifyProof.self,
                    ProveHistory.self,
                ]),
            CommandGroup(name: "Other", subcommands: [Config.self, Generate.self, Completion.self]),
        ])

    static func main() async {
        // What is written to a pipe that nobody reads any more is an error to be handled, not a death.
        signal(SIGPIPE, SIG_IGN)
        var type: any ParsableCommand.Type = Dossier.self
        do {
            var command = try parseAsRoot()
            type = Swift.type(of: command)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch is OutputClosed {
            end(.done)
        } catch let error where isArgumentParsers(error) {
            type.exit(withError: error)
        } catch {
            let failure = Failure(error)
            try? await Output.diagnostics.write(failure.text)
            end(failure.status)
        }
    }

    /// Ends the process at once.
    static func end(_ status: ExitStatus) -> Never {
        // Not our own `exit`, which ArgumentParser's hides.
        systemExit(status.rawValue)
    }

    /// Help, versions, completion scripts and usage errors are its own to print; the rest is ours.
    private static func isArgumentParsers(_ error: any Error) -> Bool {
        let type = String(reflecting: type(of: error))
        return type.hasPrefix("ArgumentParser.")
    }
}

extension ExitCode {
    init(_ status: ExitStatus) { self.init(status.rawValue) }
}

private func systemExit(_ status: Int32) -> Never { exit(status) }
