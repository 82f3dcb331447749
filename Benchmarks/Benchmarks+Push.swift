import AsyncHTTPClient
import Foundation
import NIOCore
import Postgres
import Subprocess
import Synchronization

#if canImport(System)
    import System
#else
    import SystemPackage
#endif

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
        let port = 18_700 + clients
        return try await serving(url, port: port) {
            let next = Mutex(0)
            let time = try await seconds {
                try await withThrowingTaskGroup { group in
                    for _ in 0..<clients {
                        group.addTask {
                            while true {
                                let index = next.withLock { next in
                                    defer { next += 1 }
                                    return next
                                }
                                guard index < bodies.count else { return }
                                try await push(bodies[index], port: port)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            return (batches * batch, time)
        }
    }

    private func push(_ body: ByteBuffer, port: Int) async throws {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/v1/events")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/x-ndjson")
        request.body = .bytes(body)
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let answer = try await response.body.collect(upTo: 16 << 20)
        guard response.status == .ok else {
            throw BenchmarkFault("push was answered \(response.status.code): \(String(buffer: answer).prefix(500))")
        }
    }

    /// Runs `body` while a `dossier serve` listens on `port`.
    private func serving<T: Sendable>(
        _ url: String, port: Int, _ body: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        let result = try await Subprocess.run(
            .path(FilePath(dossier)), arguments: ["serve", "--listen", "127.0.0.1:\(port)"],
            environment: .inherit.updating(["DOSSIER_DATABASE_URL": url]), output: .discarded, error: .discarded
        ) { execution in
            for attempt in 1... {
                let ready = HTTPClientRequest(url: "http://127.0.0.1:\(port)/readyz")
                if let answer = try? await HTTPClient.shared.execute(ready, timeout: .seconds(1)),
                    answer.status == .ok
                {
                    break
                }
                guard attempt < 100 else { throw BenchmarkFault("dossier serve is not ready after 10 s") }
                try await Task.sleep(for: .milliseconds(100))
            }
            do {
                let value = try await body()
                try execution.send(signal: .terminate)
                return value
            } catch {
                try? execution.send(signal: .terminate)
                throw error
            }
        }
        return result.value
    }
}
