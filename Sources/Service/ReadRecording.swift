public import EventLog
import FoundationEssentials
import HTTPTypes
import Hummingbird
import Ingest
public import Logging
import Postgres
public import ServiceLifecycle
import ShareServers

/// Records who read what of the log, as events of the log itself (`org.dossier.api.read`).
///
/// What reads is recorded, and what may not; never what pushes or probes, so that no record makes another.
public actor ReadRecording {
    /// What becomes of an answer that cannot be recorded.
    public enum Failing: String, Sendable, CaseIterable {
        /// It is given all the same; what is recorded later waits in memory, and what finds no room is counted.
        case open
        /// It is kept back: 503. An answer is given when its record is durable.
        case closed
    }

    /// Records that wait; about a kilobyte each.
    private static let room = 10_000
    /// How long it waits to try again while the log takes nothing.
    private static let pause = Duration.seconds(1)

    private let log: Log
    private let failing: Failing
    private let logger: Logger
    private let redaction: Redaction
    private var waiting: [Event] = []
    private let (awaited, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    private(set) var recorded = 0
    private(set) var lost = 0

    /// - Parameter log: Whoever opened it closes it, after this has ended.
    public init(log: Log, failing: Failing, logger: Logger) {
        self.log = log
        self.failing = failing
        self.logger = logger
        redaction = Redaction(key: log.redactionKey)
    }

    /// Records how a question was answered.
    ///
    /// - Throws: 503 where it cannot be, and fails closed.
    func record(_ request: Request, _ context: QueryContext, status: HTTPResponse.Status) async throws {
        let event = try event(request, context, status)
        if failing == .closed {
            _ = try await log.append([event])
            recorded += 1
        } else if waiting.count < Self.room {
            waiting.append(event)
            wake.yield()
        } else {
            lost += 1
        }
    }

    private func event(
        _ request: Request, _ context: QueryContext, _ status: HTTPResponse.Status
    ) throws(EventError) -> Event {
        var asker: [String: JSON] = [:]
        switch context.asker.identity {
        case .anyone: break
        case .token(let id, let name): asker = ["id": .string(id), "name": .string(name)]
        case .keystone(let userID, let userName):
            asker = ["user_id": .string(userID)]
            asker["user_name"] = userName.map { .string($0) }
        }
        if let projects = context.asker.projects { asker["project_ids"] = .array(projects.map { .string($0) }) }
        // A token that was put there by mistake is kept no more than any other.
        let target = redaction.redact(target: Token.hidden(in: request.uri.description))
        var data: [String: JSON] = [
            "actor": .object(asker), "method": .string(request.method.rawValue),
            "path": .string(String(decoding: target.utf8.prefix(Self.longestPath), as: UTF8.self)),
            "http_status": .number(Double(status.code)),
        ]
        data["remote_address"] = context.remoteAddress.map { .string($0) }
        data["request_id"] = context.requestID.map { .string($0) }
        return try Event(
            id: UUID().uuidString.lowercased(), source: "/api", type: EventType.read, time: .now, data: .object(data))
    }

    /// Source: chosen; a path with every parameter at its longest has less than this.
    private static let longestPath = 16_384

    /// In the text format of Prometheus.
    func metrics() -> String {
        var exposition = Exposition()
        exposition.add("dossier_api_reads_recorded_total", .counter, "Reads that were recorded.", [.init(recorded)])
        exposition.add(
            "dossier_api_reads_lost_total", .counter, "Reads that were answered and could not be recorded.",
            [.init(lost)])
        return exposition.text
    }
}

extension ReadRecording: Service {
    /// Appends what waits until the task is cancelled or a graceful shutdown begins, and what is left then.
    public func run() async throws {
        await cancelWhenGracefulShutdown { [awaited] in
            for await _ in awaited {
                while await self.appendWaiting() == false, !Task.isCancelled {
                    try? await Task.sleep(for: Self.pause)
                }
            }
        }
        if await appendWaiting() == false {
            logger.error("reads were not recorded", metadata: ["count": "\(waiting.count)"])
        }
    }

    /// Whether nothing is left that could not be appended.
    func appendWaiting() async -> Bool {
        while !waiting.isEmpty {
            let batch = Array(waiting.prefix(1_000))
            do {
                _ = try await log.append(batch)
                waiting.removeFirst(batch.count)
                recorded += batch.count
            } catch {
                logger.warning("reads are not recorded for now: \(error)")
                return false
            }
        }
        return true
    }
}
