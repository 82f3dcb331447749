import Foundation
import ShareServers
import Testing

/// `dossier up` from nothing to its end, as `make run` does it.
@Suite struct UpTests {
    @Test(.timeLimit(.minutes(20)))
    func fromNothingToThreeAnswersAndAnOrderlyEnd() async throws {
        try await withDirectory { directory in
            let up = try await RunningProgram.start(
                ["up", "--sample", "--data", directory + "/data", "--listen", "127.0.0.1:0"], ready: "http-status 4xx")
            let url = try #require(up.output.firstMatch(of: /Dossier answers at (http:\/\/127\.0\.0\.1:[0-9]+)/)?.1)
            let commands = up.output.split(separator: "\n").filter { $0.hasPrefix("    DOSSIER_URL=") }
            #expect(commands.count == 3)
            for command in commands {
                let outcome = try await Program.shell(String(command))
                #expect(outcome.status == 0, "\(command): \(outcome.errors)")
                #expect(outcome.output.split(separator: "\n").count > 1, "\(command)")
            }
            try await readingCommandsAnswer(String(url))
            try await runningCommandsFindIt(directory + "/data")
            try await aSecondOneIsRefused(directory + "/data", String(url))

            #expect(try await up.end(SIGTERM) == 0)
            let after = try await Program.run(["servers"], environment: ["DOSSIER_URL": String(url)])
            #expect(after.status == 1)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: directory + "/data/postgres/data")
                    .contains("postmaster.pid") == false)

            try await aSecondStartKeepsWhatIsThere(directory + "/data")
        }
    }

    private func readingCommandsAnswer(_ url: String) async throws {
        let environment = ["DOSSIER_URL": url]
        let servers = try await Program.run(["servers", "--output", "json"], environment: environment)
        let listed = try JSON(parsing: servers.output)
        let ids = (listed["servers"]?.array ?? []).compactMap { $0["id"]?.string }
        #expect(ids.count > 3)
        let csv = try await Program.run(["servers", "--output", "csv"], environment: environment)
        #expect(csv.output.split(separator: "\r\n").count == ids.count + 1)
        #expect(!csv.output.contains("\u{1B}"))
        let show = try await Program.run(["show", ids[0]], environment: environment)
        #expect(show.output.contains(ids[0]))
        let coloured = try await Program.run(["show", ids[0], "--color", "always"], environment: environment)
        #expect(coloured.output.contains("\u{1B}["))
        let unknown = try await Program.run(
            ["show", "5e5e5e5e-0000-4000-8000-000000000000"], environment: environment)
        #expect(unknown.status == 1)
        let wrong = try await Program.run(["show", "no-uuid"], environment: environment)
        #expect(wrong.status == 1)

        // Pages are followed, and hold what one page holds.
        let all = try await Program.run(["events", "--limit", "all", "--output", "json"], environment: environment)
        let events = try JSON(parsing: all.output)["events"]?.array ?? []
        #expect(events.count > 441)
        let some = try await Program.run(["events", "--limit", "7", "--output", "json"], environment: environment)
        #expect(try JSON(parsing: some.output)["events"]?.array == Array(events.prefix(7)))

        // Whoever has seen enough may go.
        let head = try await Program.shell(
            "set -o pipefail; \(Program.path.quoted) events --limit all | head -n 3", environment: environment)
        #expect(head.status == 0)
        #expect(head.errors.isEmpty)
        #expect(head.output.split(separator: "\n").count == 3)
    }

    private func runningCommandsFindIt(_ data: String) async throws {
        let environment = ["DOSSIER_DATA": data]
        let verify = try await Program.run(["verify"], environment: environment)
        #expect(verify.status == 0, "\(verify.errors)")
        #expect(verify.output.contains("verify"))
        let rebuild = try await Program.run(["rebuild"], environment: environment)
        #expect(rebuild.status == 0, "\(rebuild.errors)")
        let migrate = try await Program.run(["migrate"], environment: environment)
        #expect(migrate.output == "The schema is up to date.\n")
    }

    private func aSecondOneIsRefused(_ data: String, _ url: String) async throws {
        let second = try await Program.run(["up", "--data", data, "--listen", "127.0.0.1:0"])
        #expect(second.status == 1)
        #expect(second.errors.contains("another 'dossier up'"))
        #expect(second.errors.contains(url))
    }

    private func aSecondStartKeepsWhatIsThere(_ data: String) async throws {
        let again = try await RunningProgram.start(
            ["up", "--sample", "--data", data, "--listen", "127.0.0.1:0"], ready: "http-status 4xx")
        #expect(again.output.contains("nothing was appended"))
        #expect(try await again.end(SIGINT) == 0)
    }

    @Test(.timeLimit(.minutes(20)))
    func whatAKilledOneLeftBehindIsTakenUp() async throws {
        try await withDirectory { directory in
            let arguments = ["up", "--data", directory + "/data", "--listen", "127.0.0.1:0"]
            let first = try await RunningProgram.start(arguments, ready: "DOSSIER_DATABASE_URL")
            #expect(try await first.end(SIGKILL) == 128 + SIGKILL)
            let second = try await RunningProgram.start(arguments, ready: "DOSSIER_DATABASE_URL")
            #expect(try await second.end(SIGTERM) == 0)
        }
    }

    @Test(.timeLimit(.minutes(20)), arguments: [SIGINT, SIGKILL])
    func whenItsPostgreSQLEndsItEndsToo(_ signal: Int32) async throws {
        try await withDirectory { directory in
            let arguments = ["up", "--data", directory + "/data", "--listen", "127.0.0.1:0"]
            let running = try await RunningProgram.start(arguments, ready: "DOSSIER_DATABASE_URL")
            let file = try String(contentsOfFile: directory + "/data/postgres/data/postmaster.pid", encoding: .utf8)
            let postmaster = try #require(file.split(separator: "\n").first.flatMap { Int32($0) })
            #expect(kill(postmaster, signal) == 0)
            #expect(try await running.ended() == 1)
        }
    }

    @Test func withoutItsSampleTheProgramSaysWhereItLooked() async throws {
        try await withDirectory { directory in
            // Copied by a process of its own: one that this process starts meanwhile would keep a file that this one
            // writes open, and what is open for writing cannot be run.
            let line =
                "cp '\(Program.path)' \(directory)/dossier"
                + " && exec \(directory)/dossier up --sample --data \(directory)/data --listen 127.0.0.1:0"
            let outcome = try await Program.shell(line)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("dossier_dossier.resources/manila.har in \(directory)"))
            #expect(!FileManager.default.fileExists(atPath: directory + "/data"))
        }
    }
}
