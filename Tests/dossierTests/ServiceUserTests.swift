import AsyncHTTPClient
import DatabaseTesting
import EmbeddedPostgres
import Foundation
import NIOCore
import NIOHTTP1
import ShareServers
import Testing

/// The service as it should be run: its user logs in with a password, owns nothing, and is let into nothing but three
/// roles.
@Suite(.timeLimit(.minutes(20))) struct ServiceUserTests {
    /// A cluster that asks everybody but its superuser for a password, and a log in it.
    private struct Installation {
        let cluster: TestCluster
        let directory: String

        var administrator: [String: String] { ["DOSSIER_DATABASE_URL": cluster.url] }
        /// As the login that `migrate --roles` made.
        var service: [String: String] {
            [
                "DOSSIER_DATABASE_URL": cluster.url + " user=dossier_service",
                "DOSSIER_DATABASE_PASSWORD_FILE": directory + "/password", "DOSSIER_DATA": directory + "/data",
            ]
        }
    }

    private func withInstallation(_ body: (Installation) async throws -> Void) async throws {
        try await withDirectory { directory in
            try await TestCluster.with(directory + "/pg") { cluster in
                let installation = Installation(cluster: cluster, directory: directory)
                try "local all \(EmbeddedPostgres.user) trust\nlocal all all scram-sha-256\n"
                    .write(toFile: directory + "/pg/data/pg_hba.conf", atomically: false, encoding: .utf8)
                try await cluster.execute("SELECT pg_reload_conf()")
                try "s3cret 'and' more\n".write(toFile: directory + "/password", atomically: false, encoding: .utf8)
                let made = try await Program.run(
                    ["migrate", "--roles", "--service-password-file", directory + "/password"],
                    environment: installation.administrator)
                try #require(made.status == 0, "\(made.errors)")
                #expect(made.output.contains("applied m008_roles\n"))
                #expect(made.output.hasSuffix("ran: grant dossier_projector to dossier_service\n"))
                #expect(!made.output.contains("s3cret") && !made.output.contains("SCRAM"))
                try await body(installation)
            }
        }
    }

    private func serve(
        _ environment: [String: String], _ body: (RunningProgram, _ url: String) async throws -> Void
    ) async throws {
        let running = try await RunningProgram.start(
            ["serve", "--listen", "127.0.0.1:0"], environment: environment, ready: "answers at")
        let url = try #require(running.output.firstMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+/)?.0)
        do {
            try await body(running, String(url))
        } catch {
            _ = try await running.end(SIGTERM)
            throw error
        }
        #expect(try await running.end(SIGTERM) == 0)
    }

    private func push(_ lines: String, to url: String) async throws -> Int {
        var request = HTTPClientRequest(url: url + "/v1/events")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-ndjson")
        request.body = .bytes(ByteBuffer(string: lines))
        return Int(try await HTTPClient.shared.execute(request, timeout: .seconds(120)).status.code)
    }

    /// Waits until the projections have all that is in the log.
    private func waitUntilLevel(_ url: String) async throws {
        let deadline = ContinuousClock.now + .seconds(600)
        while true {
            let answer = try await Program.run(
                ["servers", "--output", "json", "--limit", "1"], environment: ["DOSSIER_URL": url])
            if answer.status == 0, try JSON(parsing: answer.output)["as_of"]?["lag_positions"]?.int == 0 { return }
            try #require(ContinuousClock.now < deadline, "\(answer)")
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    @Test("As a login that owns nothing the service takes events, projects, answers, rebuilds, signs and verifies")
    func serves() async throws {
        try await withInstallation { installation in
            let password = installation.directory + "/password"
            try "wrong\n".write(toFile: password + ".wrong", atomically: false, encoding: .utf8)
            var wrong = installation.service
            wrong["DOSSIER_DATABASE_PASSWORD_FILE"] = password + ".wrong"
            let refused = try await Program.run(["verify"], environment: wrong)
            #expect(refused.status == 1 && refused.errors.contains("password authentication failed"))

            let key = installation.directory + "/log.key"
            let made = try await Program.run(["keys", "generate", "--origin", "audit.example/dossier", key])
            #expect(made.status == 0)
            try await serve(installation.service) { running, url in
                #expect(try await push(Lines.text(0..<300), to: url) == 200)
                try await waitUntilLevel(url)
                let show = try await Program.run(["show", Lines.server], environment: ["DOSSIER_URL": url])
                #expect(show.output.contains("lab@alpha"), "\(show)")
                for command in [
                    ["rebuild"], ["verify"], ["export", "--to", installation.directory + "/export"],
                    ["checkpoint", "--signing-key", key],
                ] {
                    let outcome = try await Program.run(command, environment: installation.service)
                    #expect(outcome.status == 0, "\(command): \(outcome.errors)")
                }
                #expect(try await push(Lines.text(300..<310), to: url) == 200)
                try await waitUntilLevel(url)
                let users = try await installation.cluster.texts(
                    """
                    SELECT DISTINCT usename::text FROM pg_stat_activity
                    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
                    """)
                #expect(users == ["dossier_service"])
                #expect(!running.output.contains("warning") && !running.output.contains("could change the log"))
            }
            for table in ["entries", "servers", "projections"] {
                #expect(try await installation.cluster.texts("SELECT count(*)::text FROM dossier.\(table)") != ["0"])
            }
            // What the service may not do, its user may not do in any other way.
            let migrate = try await Program.run(["migrate"], environment: installation.service)
            #expect(migrate.status == 1 && migrate.errors.contains("owner of the database"), "\(migrate)")
        }
    }

    @Test("Where its user lacks a role, nothing starts, and whoever starts it is told which and what to do")
    func lacking() async throws {
        try await withInstallation { installation in
            let gateway = [
                "gateway", "--upstream", "http://127.0.0.1:1", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
            ]
            let poll = ["poll", "--endpoint", "http://127.0.0.1:1/v2", "--auth", "noauth"]
            for (role, commands) in [
                ("dossier_projector", [["serve", "--listen", "127.0.0.1:0"]]),
                ("dossier_reader", [["serve", "--listen", "127.0.0.1:0"], gateway, poll]),
                ("dossier_writer", [["serve", "--listen", "127.0.0.1:0"], gateway, poll]),
            ] {
                try await installation.cluster.execute("REVOKE \(role) FROM dossier_service")
                for command in commands {
                    let outcome = try await Program.run(command, environment: installation.service)
                    #expect(outcome.status == 1, "\(command): \(outcome)")
                    #expect(
                        outcome.errors.contains("the database's user 'dossier_service' may not become \(role)\n"),
                        "\(outcome.errors)")
                    #expect(outcome.errors.contains("GRANT \(role) TO dossier_service"), "\(outcome.errors)")
                }
                let again = try await Program.run(["migrate", "--roles"], environment: installation.administrator)
                #expect(
                    again.output == "The schema is up to date.\nran: grant \(role) to dossier_service\n", "\(again)")
            }
            // What was restored without the roles: they are not there for anybody.
            try await installation.cluster.execute("ALTER ROLE dossier_reader RENAME TO other")
            let verify = try await Program.run(["verify"], environment: installation.administrator)
            #expect(verify.status == 1 && verify.errors.contains("lacks a role that this needs"), "\(verify.errors)")
            try await installation.cluster.execute("ALTER ROLE other RENAME TO dossier_reader")
            // Whoever appends needs not project.
            try await installation.cluster.execute("REVOKE dossier_projector FROM dossier_service")
            let imported = try await Program.run(
                ["import", "-"], environment: installation.service, input: Lines.text(0..<10))
            #expect(imported.status == 0, "\(imported.errors)")
        }
    }

    @Test("A user that could change the log is warned of once, but not that of a PostgreSQL of its own")
    func powerful() async throws {
        try await withInstallation { installation in
            let warning = "could change the log"
            try await serve(installation.administrator) { running, _ in
                try await running.says(warning)
                #expect(running.output.ranges(of: warning).count == 1)
                #expect(running.output.contains("dossier migrate --roles"))
            }
            // An owner that is no superuser is the same.
            try await installation.cluster.execute(
                "CREATE ROLE heir LOGIN PASSWORD 'p'; GRANT dossier_owner TO heir; GRANT dossier_writer, dossier_reader, "
                    + "dossier_projector TO heir")
            let heir = ["DOSSIER_DATABASE_URL": installation.cluster.url + " user=heir password=p"]
            try await serve(heir) { running, _ in try await running.says("'heir' \(warning)") }
            let refused = try await Program.run(
                ["migrate", "--roles", "--service-user", "heir"], environment: installation.administrator)
            #expect(refused.status == 1 && refused.errors.contains("should not log in as 'heir'"), "\(refused)")
            let up = try await RunningProgram.start(
                ["up", "--data", installation.directory + "/own", "--listen", "127.0.0.1:0"], ready: "answers at")
            #expect(try await up.end(SIGTERM) == 0)
            #expect(!up.output.contains(warning))
        }
    }

    @Test("A gateway and a poller work as a login that owns nothing")
    func sources() async throws {
        try await withInstallation { installation in
            try await SlowManila.with(answer: SlowManila.listing(2)) { _, manila in
                let poll = try await RunningProgram.start(
                    ["poll", "--auth", "noauth", "--endpoint", manila + "/v2", "--interval", "1"],
                    environment: installation.service, ready: "Polling")
                let gateway = try await RunningProgram.start(
                    [
                        "gateway", "--upstream", manila, "--spool-reserve", "0", "--listen", "127.0.0.1:0", "--admin",
                        "127.0.0.1:0",
                    ], environment: installation.service, ready: "/metrics")
                let url = try #require(gateway.output.firstMatch(of: /http:\/\/127\.0\.0\.1:[0-9]+/)?.0)
                var request = HTTPClientRequest(url: "\(url)/v2/share-servers/\(Lines.server)")
                request.method = .DELETE
                _ = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
                let deadline = ContinuousClock.now + .seconds(600)
                let count = """
                    SELECT count(*)::text FROM dossier.entries
                    WHERE type = 'org.openstack.manila.share_server.status' OR operation = 'delete'
                    """
                while let found = Int(try await installation.cluster.texts(count)[0]), found < 3 {
                    try #require(ContinuousClock.now < deadline, "\(poll.output)\n\(gateway.output)")
                    try await Task.sleep(for: .milliseconds(100))
                }
                #expect(try await poll.end(SIGTERM) == 0)
                #expect(try await gateway.end(SIGTERM) == 0)
            }
        }
    }
}
