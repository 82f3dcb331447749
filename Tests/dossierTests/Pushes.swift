import AsyncHTTPClient
import DatabaseTesting
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
        var lastAnswer: ContinuousClock.Instant?
        var silence = Duration.zero
    }
    private let state = Mutex(State())
    private let http: HTTPClient
    private static let batch = 20
    private let servers: [String]
    private let pause: Duration

    private init(servers: [String], pause: Duration) {
        self.servers = servers
        self.pause = pause
        var configuration = HTTPClient.Configuration()
        // A service that was killed is not waited for.
        configuration.connectionPool.retryConnectionEstablishment = false
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Lends clients to `body`, and ends them after it, however it ends.
    ///
    /// - Parameter pause: Of each client after each batch.
    static func with(
        servers: [String] = [Lines.server], pause: Duration = .zero, _ body: (Pushes) async throws -> Void
    ) async throws {
        let pushes = Pushes(servers: servers, pause: pause)
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
                        if self.pause > .zero { try? await Task.sleep(for: self.pause) }
                    }
                }
            }
        }
    }

    /// The longest time without an answer that all of a batch is in the log, since it was asked for last.
    func takeSilence() -> Duration {
        state.withLock { state in
            defer { state.silence = .zero }
            return state.silence
        }
    }

    /// Waits until so many more events have been acknowledged.
    func acknowledges(_ more: Int) async throws {
        let wanted = acknowledged.count + more
        try await wait(for: "more to be acknowledged") { acknowledged.count >= wanted }
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

    /// Pushes some events once; what the service answered, or nil.
    func send(_ range: Range<Int>, to url: String) async -> (status: Int, body: [UInt8])? {
        var request = HTTPClientRequest(url: url + "/v1/events")
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-ndjson")
        request.body = .bytes(ByteBuffer(string: Lines.text(range, of: servers)))
        guard let response = try? await http.execute(request, timeout: .seconds(30)),
            let body = try? await response.body.collect(upTo: 4 << 20)
        else { return nil }
        return (Int(response.status.code), Array(body.readableBytesView))
    }

    /// Whether the service answered that all of it is in the log.
    func push(_ range: Range<Int>, to url: String) async -> Bool {
        guard let (status, body) = await send(range, to: url), status == 200, let answer = try? JSON(parsing: body)
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
        state.withLock { state in
            let now = ContinuousClock.now
            if let last = state.lastAnswer { state.silence = max(state.silence, last.duration(to: now)) }
            state.lastAnswer = now
            state.sent = max(state.sent, range.upperBound)
        }
        return true
    }
}
