import Foundation
import Testing

@testable import dossier

/// How a cloud is described, and what is said where it is not.
@Suite struct CloudTests {
    private static let nowhere = ["HOME": "/nonexistent", "OS_CLOUD": "", "OS_AUTH_URL": "", "OS_ENDPOINT": ""]

    /// What `dossier poll` says where it cannot begin; a database that does not answer is where it would have.
    private func poll(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> Program.Outcome {
        try await Program.run(
            ["poll", "--database", "host=/nonexistent dbname=x"] + arguments,
            environment: Self.nowhere.merging(environment) { $1 })
    }

    @Test("Nothing that says which Manila to ask is a usage error that says what to set")
    func nothing() async throws {
        for arguments in [[], ["--cloud", "alpha"], ["--cloud", "alpha", "--clouds-file", "/nonexistent"]] {
            let outcome = try await poll(arguments)
            #expect(outcome.status == 64, "\(arguments): \(outcome.errors)")
            #expect(!outcome.errors.isEmpty && outcome.output.isEmpty)
        }
        #expect(try await poll([]).errors.contains("OS_AUTH_URL"))
        for arguments in [["--interval", "0"], ["--interval", "3601"], ["--auth", "basic"]] {
            #expect(try await poll(arguments).status == 64)
        }
    }

    @Test("What is found in variables and in clouds.json gets as far as the database")
    func found() async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "clouds-\(UUID()).json")
        defer { try? FileManager.default.removeItem(at: file) }
        try #"""
        {"clouds": {
            "alpha": {"auth": {"auth_url": "http://127.0.0.1:1", "username": "u", "password": "s3cret", "project_name": "p"}},
            "beta": {"auth_type": "none", "auth": {"endpoint": "http://127.0.0.1:1/v2"}, "regions": ["x", "y"]}}}
        """#.write(to: file, atomically: true, encoding: .utf8)
        for (arguments, environment) in [
            (["--cloud", "alpha", "--cloud", "beta", "--clouds-file", file.path], [:]),
            ([], ["OS_CLOUD": "beta", "OS_CLIENT_CONFIG_FILE": file.path]),
            ([], ["OS_AUTH_URL": "http://127.0.0.1:1", "OS_USERNAME": "u", "OS_PASSWORD": "s3cret"]),
            (["--auth", "noauth", "--endpoint", "http://127.0.0.1:1/v2"], [:]),
        ] as [([String], [String: String])] {
            let outcome = try await poll(arguments, environment)
            #expect(outcome.status == 1, "\(arguments): \(outcome.errors)")
            #expect(outcome.errors.contains("does not answer"))
            #expect(!outcome.errors.contains("s3cret"))
        }
        let unknown = try await poll(["--cloud", "gamma", "--clouds-file", file.path])
        #expect(unknown.status == 64 && unknown.errors.contains("alpha, beta"))
        let twice = try await poll(["--cloud", "alpha", "--cloud", "alpha", "--clouds-file", file.path])
        #expect(twice.status == 64)
    }

    @Test("A cloud with several regions is as many, each named by both; one of one region keeps its name")
    func sources() throws {
        #expect(try Cloud(name: "RegionOne", settings: [:]).pollerSource == "/poller/RegionOne")
        #expect(try Cloud(name: "a b/c", settings: [:]).reconcileSource == "/reconcile/a%20b%2Fc")
    }

    @Test(
        "Certificates are always checked, and so a cloud that says otherwise is refused", arguments: ["false", "False"])
    func unchecked(verify: String) {
        #expect(throws: Failure.self) { try Cloud(name: "a", settings: ["verify": verify]) }
    }
}
