import AsyncHTTPClient
import EmbeddedPostgres
import Foundation
import NIOCore
import NIOHTTP1
import Schema
import Subprocess
import SystemPackage

/// What is sent through a gateway.
enum Passing: String, CaseIterable {
    case other = "no share-server call"
    case read = "a recorded read"
    case change = "a changing call"

    /// The kind of one call after another, in the proportions in which they come.
    ///
    /// Source: traffic captured from a Manila that was exercised with all its operations on share servers; of 515 calls
    /// 74 were none, 343 read and 98 changed something. One after another in steps of 197, which has no divisor in common
    /// with 515, takes them evenly.
    static func mixed(_ index: Int) -> Passing {
        switch index * 197 % 515 {
        case ..<74: .other
        case ..<417: .read
        default: .change
        }
    }

    func request(to url: String) -> HTTPClientRequest {
        let server = url + "/v2/share-servers/" + Upstream.server
        var request: HTTPClientRequest
        switch self {
        case .other: request = HTTPClientRequest(url: url + "/v2/limits")
        case .read: request = HTTPClientRequest(url: server)
        case .change:
            request = HTTPClientRequest(url: server + "/action")
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: #"{"reset_status": {"status": "active"}}"#))
        }
        request.headers.add(name: "X-Auth-Token", value: "alice:prod")
        request.headers.add(name: "X-OpenStack-Manila-API-Version", value: "2.99")
        return request
    }
}

/// A gateway of the benchmark's, and a PostgreSQL of its own that can go away.
struct PassingThrough: Sendable {
    let proxy: String
    let operations: String
    let process: Int32
    let upstream: String
    let database: String
}

extension Benchmarks {
    /// What a gateway adds to a call, and what becomes of it for so many minutes under twice the load that it can take.
    func gateway(minutes: Double) async throws {
        say("\nthe gateway, PostgreSQL durable")
        let cluster = Cluster(directory: directory + "/gateway-postgres")
        try await cluster.start()
        let url = await cluster.url
        try await Migration.migrate(url: url)
        let result: Result<Void, any Error>
        do {
            try await Upstream.with { upstream in
                try await passing(to: upstream, database: url, spool: "idle", options: []) { passing in
                    for kind in Passing.allCases {
                        try await added(kind.rawValue, passing) { _ in kind }
                    }
                    try await added("calls as they come", passing, Passing.mixed)
                }
                guard minutes > 0 else { return }
                // A spool that an outage fills.
                let options = ["--spool-limit", "4", "--spool-reserve", "0"]
                try await passing(to: upstream, database: url, spool: "loaded", options: options) { passing in
                    try await load(passing, cluster, minutes: minutes)
                }
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await cluster.stop()
        try result.get()
    }

    /// Asks with and without the gateway in turn, the first tenth not counted, and lets the disk sync as often: a
    /// recorded read waits for one sync, a changing call for two.
    private func added(
        _ name: String, _ passing: PassingThrough, _ kind: (_ index: Int) -> Passing
    ) async throws {
        let count = 2_000
        let disk = try Disk(directory + "/syncs")
        defer { disk.close() }
        var (direct, through, syncs): ([Double], [Double], [Double]) = ([], [], [])
        for index in 0..<count + count / 10 {
            let kind = kind(index)
            let without = try await milliseconds(kind.request(to: passing.upstream))
            let with = try await milliseconds(kind.request(to: passing.proxy))
            let sync = try disk.sync(index)
            guard index >= count / 10 else { continue }
            direct.append(without)
            through.append(with)
            syncs.append(sync)
        }
        let (without, with, sync) = (Latency(direct), Latency(through), Latency(syncs))
        let (p50, p99) = (with.p50 - without.p50, with.p99 - without.p99)
        say(
            line("added to " + name, String(format: "p50 %8.2f ms   p99 %8.2f ms   ", p50, p99))
                + "aim p50 ≤ 1 ms, p99 ≤ 5 ms"
                + String(format: "   without %.2f, %.2f", without.p50, without.p99)
                + String(format: "   one sync %.2f, %.2f", sync.p50, sync.p99))
    }

    private func milliseconds(_ request: HTTPClientRequest) async throws -> Double {
        1000
            * (try await seconds {
                let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
                _ = try await response.body.collect(upTo: 1 << 20)
                guard (200..<300).contains(response.status.code) else {
                    throw BenchmarkFault("\(request.url) was answered \(response.status)")
                }
            })
    }

    /// Runs `body` with a `dossier gateway` that runs meanwhile.
    private func passing(
        to upstream: String, database: String, spool: String, options: [String],
        _ body: @escaping @Sendable (PassingThrough) async throws -> Void
    ) async throws {
        let arguments =
            [
                "gateway", "--upstream", upstream, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--callers",
                "noauth", "--source", "/gateway/\(spool)", "--spool", "\(directory)/spool-\(spool)",
            ] + options
        let result = try await Subprocess.run(
            .path(FilePath(dossier)), arguments: Arguments(arguments),
            environment: .inherit.updating(["DOSSIER_DATABASE_URL": database, "DOSSIER_LOG_LEVEL": "critical"]),
            input: .none, output: .sequence, error: .discarded
        ) { execution -> Bool in
            var urls: [String] = []
            for try await line in execution.standardOutput.strings() {
                urls += line.matches(of: /http:\/\/127\.0\.0\.1:[0-9]+/).map { String($0.output) }
                guard urls.count == 3 else { continue }
                do {
                    try await body(
                        PassingThrough(
                            proxy: urls[0], operations: urls[2], process: execution.processIdentifier.value,
                            upstream: upstream, database: database))
                } catch {
                    try? execution.send(signal: .kill)
                    throw error
                }
                try execution.send(signal: .terminate)
                return true
            }
            return false
        }
        guard result.closureResult else { throw BenchmarkFault("dossier gateway ended before it listened") }
    }
}

/// How long the disk takes to make one page durable, as a commit waits for it.
private struct Disk {
    private static let pages = 64
    private let file: SystemPackage.FileDescriptor
    private let page = [UInt8](repeating: 7, count: 8192)

    init(_ path: String) throws {
        file = try SystemPackage.FileDescriptor.open(
            FilePath(path), .readWrite, options: [.create, .truncate], permissions: .ownerReadWrite)
        // Like a segment of write-ahead log, the file has its size before it is written to.
        for _ in 0..<Self.pages { _ = try file.writeAll(page) }
    }

    /// Milliseconds.
    func sync(_ index: Int) throws -> Double {
        let clock = ContinuousClock()
        let begun = clock.now
        _ = try file.writeAll(toAbsoluteOffset: Int64(index % Self.pages * page.count), page)
        guard fdatasync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
        return (clock.now - begun) / .milliseconds(1)
    }

    func close() { try? file.close() }
}

/// A durable PostgreSQL that goes away and comes back.
actor Cluster {
    private let directory: String
    private var server: EmbeddedPostgres?

    init(directory: String) { self.directory = directory }

    var url: String { server?.url() ?? "" }

    func start() async throws { server = try await EmbeddedPostgres.start(directory: directory) }

    func stop() async {
        await server?.stop()
        server = nil
    }
}
