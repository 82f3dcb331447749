import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import ShareServers
import Synchronization
import Testing

/// Clients that push batches until they are stopped, and know what was answered.
final class Pushes: Sendable {
    private struct State {
        var sent = 0
        /// Where the service said that an event stands, by its id.
        var acknowledged: [String: String] = [:]
        var isStopped = false
    }
    private let state = Mutex(State())
    private let http: HTTPClient
    private static let batch = 20

    private init() {
        var configuration = HTTPClient.Configuration()
        // A service that was killed is not waited for.
        configuration.connectionPool.retryConnectionEstablishment = false
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Lends clients to `body`, and ends them after it, however it ends.
    static func with(_ body: (Pushes) async throws -> Void) async throws {
        let pushes = Pushes()
        do {
            try await body(pushes)
        } catch {
            try? await pushes.http.shutdown()
            throw error
        }
        try await pushes.http.shutdown()
    }

    var sent: [String] { (0..<state.withLock { $0.sent }).map { "e\($0)" } }
    var acknowledged: [String: String] { state.withLock { $0.acknowledged } }

    /// Pushes until it is told to stop, each batch until it is answered; what is not by then stays unanswered.
    func run(_ url: String) async {
        state.withLock { $0.isStopped = false }
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    while let range = self.next() {
                        while await !self.push(range, to: url), !self.isStopped {
                            try? await Task.sleep(for: .milliseconds(10))
                        }
                    }
                }
            }
        }
    }

    private var isStopped: Bool { Task.isCancelled || state.withLock { $0.isStopped } }

    func stop() async { state.withLock { $0.isStopped = true } }

    func pushAll(_ url: String) async throws {
        let sent = state.withLock { $0.sent }
        for start in stride(from: 0, to: sent, by: 50 * Self.batch) {
            #expect(await push(start..<min(start + 50 * Self.batch, sent), to: url))
        }
        #expect(acknowledged.count == sent)
    }

    private func next() -> Range<Int>? {
        state.withLock { state in
            guard !state.isStopped, !Task.isCancelled else { return nil }
            state.sent += Self.batch
            return state.sent - Self.batch..<state.sent
        }
    }

    /// Whether the service answered that all of it is in the log.
    private func push(_ range: Range<Int>, to url: String) async -> Bool {
        var request = HTTPClientRequest(url: url + "/v1/events")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-ndjson")
        request.body = .bytes(ByteBuffer(string: Lines.text(range)))
        guard let response = try? await http.execute(request, timeout: .seconds(30)), response.status == .ok,
            let body = try? await response.body.collect(upTo: 4 << 20),
            let answer = try? JSON(parsing: Array(body.readableBytesView))
        else { return false }
        let results = answer["results"]?.array ?? []
        #expect(results.map { $0["index"]?.int } == Array(0..<range.count))
        for (number, result) in zip(range, results) {
            guard let lane = result["lane"]?.int, let position = result["position"]?.int else {
                Issue.record("event \(number) was answered with \(result)")
                continue
            }
            let place = "\(lane)/\(position)"
            let former = state.withLock { $0.acknowledged.updateValue(place, forKey: "e\(number)") }
            #expect(former == nil || former == place, "e\(number) was told to stand at two places")
        }
        return true
    }
}
