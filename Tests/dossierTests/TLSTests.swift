import ArgumentParser
import AsyncHTTPClient
import DatabaseTesting
import Foundation
import Logging
import NIOCore
import NIOHTTP1
import NIOSSL
import Testing

@testable import dossier

/// What listens within TLS, and what does not listen without.
@Suite(.timeLimit(.minutes(20))) struct TLSTests {
    /// Makes a certificate for 127.0.0.1 that is its own authority, with its key.
    private func makeCertificate(_ directory: String, _ name: String) async throws {
        let made = try await Program.shell(
            """
            cd \(directory.quoted) && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
            -subj /CN=\(name) -addext subjectAltName=IP:127.0.0.1 -keyout \(name).key -out \(name).crt
            """)
        try #require(made.status == 0, "\(made.errors)")
    }

    /// Puts a certificate and its key where the program looks for them: one after the other, as renewals do.
    private func install(_ directory: String, _ name: String) throws {
        for kind in ["key", "crt"] {
            let bytes = try Data(contentsOf: URL(filePath: "\(directory)/\(name).\(kind)"))
            try bytes.write(to: URL(filePath: "\(directory)/tls.\(kind)"), options: .atomic)
        }
    }

    private func withClient<T>(trusting path: String, _ body: (HTTPClient) async throws -> T) async throws -> T {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(path)
        var configuration = HTTPClient.Configuration(tlsConfiguration: tls)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.idleTimeout = .minutes(20)
        configuration.connectionPool.retryConnectionEstablishment = false
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        let result: Result<T, any Error>
        do { result = .success(try await body(client)) } catch { result = .failure(error) }
        try await client.shutdown()
        return try result.get()
    }

    private func status(_ client: HTTPClient, _ url: String) async throws -> Int {
        let response = try await client.execute(HTTPClientRequest(url: url), timeout: .seconds(60))
        _ = try await response.body.collect(upTo: 1 << 20)
        return Int(response.status.code)
    }

    /// Waits until new connections get a certificate, using the old one meanwhile so that it stays open.
    private func until(
        _ url: String, trusts path: String, keeping old: HTTPClient
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(600)
        while true {
            #expect(try await status(old, url) == 202)
            if await (try? withClient(trusting: path) { try await status($0, url) }) == 202 { return }
            try #require(ContinuousClock.now < deadline, "new connections do not get \(path)")
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    @Test("Of a gateway new connections get the latest certificate, at SIGHUP or by itself, and old ones go on", .log)
    func gateway() async throws {
        try await withDirectory { directory in
            for name in ["first", "second", "third"] { try await makeCertificate(directory, name) }
            try install(directory, "first")
            try await SlowManila.with { _, upstream in
                let gateway = try await RunningProgram.start(
                    [
                        "gateway", "--upstream", upstream, "--spool", directory + "/spool", "--spool-reserve", "0",
                        "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--tls-certificate",
                        directory + "/tls.crt",
                        "--tls-key", directory + "/tls.key",
                    ], environment: DatabaseTrait.environment, ready: "/metrics")
                let urls = gateway.output.matches(of: /https:\/\/127\.0\.0\.1:[0-9]+/).map { String($0.0) }
                let url = try #require(urls.first) + "/v2/share-servers"
                try await withClient(trusting: directory + "/first.crt") { client in
                    #expect(try await status(client, url) == 202)
                    #expect(try await status(client, try #require(urls.last) + "/readyz") == 200)
                    try install(directory, "second")
                    gateway.send(SIGHUP)
                    try await until(url, trusts: directory + "/second.crt", keeping: client)
                    // Who trusts the first one only gets no new connection.
                    await #expect(throws: (any Error).self) {
                        try await withClient(trusting: directory + "/first.crt") { try await status($0, url) }
                    }
                    // What is no pair changes nothing.
                    try Data("nothing".utf8).write(to: URL(filePath: directory + "/tls.key"), options: .atomic)
                    gateway.send(SIGHUP)
                    try await gateway.says("the former certificate stays in use")
                    try await until(url, trusts: directory + "/second.crt", keeping: client)
                    try install(directory, "third")
                    try await until(url, trusts: directory + "/third.crt", keeping: client)
                }
                #expect(try await gateway.end(SIGTERM) == 0)
            }
        }
    }

    @Test("The API is reached by https, and ends in order", .log)
    func serve() async throws {
        try await withDirectory { directory in
            try await makeCertificate(directory, "first")
            try install(directory, "first")
            let path = directory + "/dossier.yaml"
            try "serve: {listen: '127.0.0.1:0', tls_certificate: \(directory)/tls.crt, tls_key: \(directory)/tls.key}"
                .write(toFile: path, atomically: true, encoding: .utf8)
            let serve = try await RunningProgram.start(
                ["serve", "--config", path], environment: DatabaseTrait.environment, ready: "answers at")
            let url = try #require(serve.output.firstMatch(of: /https:\/\/127\.0\.0\.1:[0-9]+/)?.0)
            try await withClient(trusting: directory + "/first.crt") { client in
                let ready = try await status(client, "\(url)/readyz")
                #expect(ready == 200)
                // An open connection does not keep it from ending.
                let ended = try await serve.end(SIGTERM)
                #expect(ended == 0)
            }
        }
    }

    @Test("A pair that is no good is a usage error that names the file and what is wrong with it")
    func badPairs() async throws {
        try await withDirectory { directory in
            for name in ["first", "second"] { try await makeCertificate(directory, name) }
            let database = ["DOSSIER_DATABASE_URL": "host=/nonexistent dbname=x"]
            for (certificate, key, part) in [
                ("first.crt", "second.key", "is not that of the first certificate"),
                ("first.key", "first.key", "holds no certificate"), ("first.crt", "first.crt", "holds no key"),
                ("none.crt", "first.key", "cannot be read"),
            ] {
                let outcome = try await Program.run(
                    [
                        "serve", "--listen", "127.0.0.1:0", "--tls-certificate", "\(directory)/\(certificate)",
                        "--tls-key", "\(directory)/\(key)",
                    ], environment: database)
                #expect(outcome.status == 64)
                #expect(outcome.errors.contains(part), "\(outcome.errors)")
            }
            let half = try await Program.run(["serve", "--tls-key", directory + "/first.key"], environment: database)
            #expect(half.status == 64)
            #expect(half.errors.contains("serve.tls_certificate is missing"))
        }
    }

    @Test(
        "Beyond this machine nothing listens without TLS",
        arguments: [
            ["serve", "--listen", "0.0.0.0:0"], ["up", "--listen", "[::]:0"],
            ["gateway", "--upstream", "http://127.0.0.1:1", "--listen", "192.0.2.1:0"],
            ["gateway", "--upstream", "http://127.0.0.1:1", "--admin", "0.0.0.0:0"],
            ["poll", "--auth", "noauth", "--endpoint", "http://127.0.0.1:1/v2", "--admin", "0.0.0.0:0"],
        ])
    func open(arguments: [String]) async throws {
        let outcome = try await withDirectory { directory in
            try await Program.run(
                arguments,
                environment: ["DOSSIER_DATABASE_URL": "host=/nonexistent dbname=x", "DOSSIER_DATA": directory])
        }
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("--insecure"))
    }

    @Test("Unless it is said to be wanted")
    func insecure() throws {
        let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let address = try #require(ListenAddress("0.0.0.0:8787"))
        func certificate(_ arguments: [String], _ environment: [String: String] = [:]) throws -> Bool {
            let configuration = Configuration(file: nil, environment: environment)
            let options = try ListenerOptions.parse(arguments)
            return try options.certificate(configuration, Setting.serving, [address], quiet) != nil
        }
        #expect(throws: Failure.self) { try certificate([]) }
        #expect(try certificate(["--insecure"]) == false)
        #expect(try certificate([], ["DOSSIER_INSECURE": "true"]) == false)
    }
}
