import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Postgres
import Subprocess
import SystemPackage

extension Benchmarks {
    /// Pushes `batches` requests of `batch` events from `clients` at once to a `dossier serve` of its own.
    ///
    /// The bodies are made before the clock starts.
    func pushBatches(clients: Int, batch: Int, batches: Int) async throws -> (events: Int, seconds: Double) {
        var workload = Workload(seed: UInt64(clients))
        let bodies = (0..<batches).map { _ in
            ByteBuffer(string: (0..<batch).map { _ in workload.nextEvent() }.joined(separator: "\n"))
        }
        let url = try await database("pushed_\(clients)")
        return try await serving(url) { service in
            let time = try await seconds {
                try await withThrowingTaskGroup { group in
                    for client in 0..<clients {
                        group.addTask {
                            for index in stride(from: client, to: bodies.count, by: clients) {
                                try await push(bodies[index], to: service)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            return (batches * batch, time)
        }
    }

    func push(_ body: ByteBuffer, to service: String) async throws {
        var request = HTTPClientRequest(url: service + "/v1/events")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/x-ndjson")
        request.body = .bytes(body)
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let answer = try await response.body.collect(upTo: 16 << 20)
        guard response.status == .ok else {
            throw BenchmarkFault("push was answered \(response.status.code): \(String(buffer: answer).prefix(500))")
        }
    }

    /// Runs `body` with the URL of a `dossier serve` that runs meanwhile.
    func serving<T: Sendable>(
        _ url: String, _ body: @escaping @Sendable (_ service: String) async throws -> T
    ) async throws -> T {
        let result = try await Subprocess.run(
            .path(FilePath(dossier)), arguments: ["serve", "--listen", "127.0.0.1:0"],
            environment: .inherit.updating(["DOSSIER_DATABASE_URL": url]), input: .none, output: .sequence,
            error: .discarded
        ) { execution -> T? in
            var value: T?
            for try await line in execution.standardOutput.strings() {
                guard value == nil, let service = line.split(separator: " ").last(where: { $0.hasPrefix("http://") })
                else { continue }
                do {
                    value = try await body(String(service))
                } catch {
                    try? execution.send(signal: .terminate)
                    throw error
                }
                try execution.send(signal: .terminate)
            }
            return value
        }
        guard let value = result.closureResult else { throw BenchmarkFault("dossier serve ended before it listened") }
        return value
    }
}
