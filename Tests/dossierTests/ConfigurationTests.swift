import Foundation
import Testing

@testable import dossier

/// What the configuration file may hold, what counts before it, and what is said of one that is wrong.
@Suite struct ConfigurationTests {
    /// The sample of the page on operations; its alternatives are settings as well.
    private static func sample() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
        let page = root.appending(path: "Sources/dossier/Documentation.docc/Operations.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let block = try #require(text.split(separator: "```yaml\n").dropFirst().first)
        return String(block.prefix(upTo: try #require(block.range(of: "```")).lowerBound))
            .replacing(/#([a-z])/) { "\($0.1)" }
    }

    private func withFile<T>(_ text: String, _ body: (String) async throws -> T) async throws -> T {
        try await withDirectory { directory in
            let path = directory + "/dossier.yaml"
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            chmod(path, 0o600)
            return try await body(path)
        }
    }

    @Test("The sample of the page is a good file, holds every key, and each with its default where it has one")
    func sampleHoldsEveryKey() async throws {
        let text = try Self.sample()
        try await withFile(text) { path in
            let file = ConfigurationFile(path: path)
            #expect(file.faults == [])
            #expect(Set(file.entries.keys) == Set(Setting.byKey.keys))
            for setting in Setting.all where setting.fallback != nil {
                #expect(file.entries[setting.key]?.texts == setting.fallback.map { [$0] }, "\(setting.key)")
            }
            #expect(file.clouds.map(\.name) == ["one", "two"])
        }
    }

    @Test("The page's table has every variable and every key")
    func tableHoldsEveryVariable() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardizedFileURL
        let page = root.appending(path: "Sources/dossier/Documentation.docc/Operations.md")
        let rows = try String(contentsOf: page, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("| `") }
        let named = Set(rows.flatMap { $0.matches(of: /`([A-Za-z_.]+)`/).map { String($0.1) } })
        for setting in Setting.byKey.values {
            #expect(named.contains(setting.key), "\(setting.key)")
            if let variable = setting.variable { #expect(named.contains(variable), "\(variable)") }
        }
    }

    @Test("An option counts before a variable, that before the file, and that before the default")
    func precedence() async throws {
        let (path, file) = try await withFile("poll:\n  interval: 30\n") { ($0, ConfigurationFile(path: $0)) }
        let none = Configuration(file: nil, environment: [:])
        let filed = Configuration(file: file, environment: [:])
        let both = Configuration(file: file, environment: ["DOSSIER_POLL_INTERVAL": "20"])
        #expect(try none.value(.interval) == .init(texts: ["10"], origin: .fallback))
        #expect(try filed.value(.interval) == .init(texts: ["30"], origin: .file(path, line: 2)))
        #expect(try both.value(.interval) == .init(texts: ["20"], origin: .variable("DOSSIER_POLL_INTERVAL")))
        #expect(try both.number(.interval, given: 15) == 15)
        let empty = Configuration(file: file, environment: ["DOSSIER_POLL_INTERVAL": ""])
        #expect(try empty.number(.interval) == 30)
        let wrong = Configuration(file: file, environment: ["DOSSIER_POLL_INTERVAL": "soon"])
        #expect {
            try wrong.number(.interval)
        } throws: { error in
            Failure(error).message.contains("DOSSIER_POLL_INTERVAL: 'soon'") && Failure(error).status == .usage
        }
    }

    private static let wrong = """
        serve:
          listn: 127.0.0.1:1
          listen: 8787
        gateway:
          spool_limit: 0
          upstream: [http://a, http://b]
          callers:
        poll: fast
        clouds:
          one:
            interval: 0
            auth:
              pasword: s3cret
        nonsense: 1
        """

    @Test("All that is wrong with a file is listed at once, each with its line and what is meant, and no secret")
    func faults() async throws {
        try await withFile(Self.wrong) { path in
            let outcome = try await Program.run(["config", "check", path])
            #expect(outcome.status == 64)
            let lines = outcome.output.split(separator: "\n").filter { $0.hasPrefix("error: ") }
            let places = lines.compactMap { $0.firstMatch(of: /dossier\.yaml:([0-9]+): ([a-z_.]+)/) }
            let expected = [
                "2 serve.listn", "3 serve.listen", "5 gateway.spool_limit", "6 gateway.upstream", "7 gateway.callers",
                "8 poll", "11 clouds.one.interval", "13 clouds.one.auth.pasword", "14 nonsense",
            ]
            #expect(Array(places.map { "\($0.1) \($0.2)" }.prefix(expected.count)) == expected, "\(outcome.output)")
            #expect(outcome.output.contains("Is serve.listen meant?"))
            #expect(outcome.output.contains("Is clouds.one.auth.password meant?"))
            #expect(!outcome.output.contains("s3cret"))
            let used = try await Program.run(["verify", "--config", path])
            #expect(used.status == 64)
            #expect(used.errors.contains("dossier.yaml:2: serve.listn is not known"))
            #expect(used.errors.contains("lists 8 more"))
        }
    }

    @Test(
        "What is no YAML is told with its line",
        arguments: [("serve:\n  listen: [1\n", 3), ("data: /a\ndata: /b\n", 1), ("serve:\n\tlisten: a\n", 2)])
    func noYAML(text: String, line: Int) async throws {
        try await withFile(text) { path in
            let outcome = try await Program.run(["config", "check"], environment: ["DOSSIER_CONFIG": path])
            #expect(outcome.status == 64)
            #expect(outcome.output.contains("dossier.yaml:\(line): "), "\(outcome.output)")
        }
    }

    @Test("A good file is good, and what is in force is shown with who says so, and without secrets")
    func good() async throws {
        let text = """
            database:
              url: postgres://u:s3cret@127.0.0.1/d
            gateway:
              upstream: http://127.0.0.1:1
            clouds:
              one:
                auth: {auth_url: "http://127.0.0.1:1", username: u, password: s3cret, project_name: p}
            """
        try await withFile(text) { path in
            let checked = try await Program.run(["config", "check", path])
            #expect(checked.status == 0, "\(checked.output)")
            #expect(checked.output.hasSuffix("is good.\n"))
            let shown = try await Program.run(
                ["config", "show", "--config", path, "--output", "json"], environment: ["DOSSIER_LISTEN": "127.0.0.1:1"]
            )
            #expect(shown.status == 0, "\(shown.errors)")
            #expect(!shown.output.contains("s3cret"))
            let json = try #require(try JSONSerialization.jsonObject(with: Data(shown.output.utf8)) as? [String: Any])
            let settings = try #require(json["settings"] as? [[String: Any]])
            func shows(_ key: String, _ value: String, _ from: String) -> Bool {
                settings.contains {
                    $0["key"] as? String == key && $0["value"] as? String == value && $0["from"] as? String == from
                }
            }
            #expect(shows("database.url", "(secret)", "\(path):2"))
            #expect(shows("serve.listen", "127.0.0.1:1", "DOSSIER_LISTEN"))
            #expect(shows("gateway.upstream", "http://127.0.0.1:1", "\(path):4"))
            #expect(shows("poll.interval", "10", "default"))
            #expect(shows("clouds.one.auth.password", "(secret)", "\(path):6"))
            chmod(path, 0o644)
            let open = try await Program.run(["config", "check", path])
            #expect(open.status == 0)
            #expect(open.output.contains("warning: '\(path)' holds a secret"))
        }
    }

    @Test("What is wrong with what the file names is found without starting anything")
    func surroundings() async throws {
        let text = """
            data: /dev/null/d
            serve:
              listen: 0.0.0.0:8787
            gateway:
              tls_certificate: /nonexistent/tls.crt
            poll:
              admin: "[::]:8790"
              insecure: true
            clouds:
              one:
                auth: {auth_url: "http://127.0.0.1:1", username: u, project_name: p}
              two:
                auth: {auth_url: "http://127.0.0.1:1", username: u, password_file: /nonexistent/p, project_name: p}
              three: {auth_type: none, source: /s, auth: {endpoint: "http://127.0.0.1:1/v2"}}
              four: {auth_type: none, source: /s, auth: {endpoint: "http://127.0.0.1:1/v2"}}
            """
        try await withFile(text) { path in
            let outcome = try await Program.run(["config", "check", path])
            #expect(outcome.status == 64)
            for part in [
                "'/dev/null/d' cannot be written", "0.0.0.0:8787 is reached from beyond this machine",
                "'/nonexistent/tls.crt' cannot be read", "gateway.tls_key is missing", "password is missing",
                "'/nonexistent/p' cannot be read", "another has the source '/s' too",
            ] { #expect(outcome.output.contains(part), "\(part) is not in\n\(outcome.output)") }
            #expect(!outcome.output.contains("8790"))
        }
    }
}
