import FoundationEssentials
import HTTPTypes
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
import Postgres
public import ServiceLifecycle
import ShareServers

/// A proxy in front of Manila's API that records every call to share servers, and what its answers tell of them.
///
/// A call that may change something is recorded before it is passed on, and what came of it before its caller gets the
/// answer. Everything else streams through as it is.
public struct Gateway: Sendable {
    /// How a gateway works.
    public struct Settings: Sendable {
        /// Where Manila's API is: scheme, host and port, such as `http://127.0.0.1:8786`, and a path where it has one.
        public var upstream: String
        /// The `source` of its events, a URI reference; no other gateway may have it.
        public var source: String
        public var identification = Identification.unverified
        /// Whether callers of reading calls wait for their record too.
        public var areReadsDurable = true
        /// Whether reading calls pass unrecorded when nothing more can be recorded; or are refused, as changing ones are.
        public var doReadsPassUnrecorded = false
        /// Calls to share servers that may be under way at once; more are refused until some are answered.
        public var calls = 512
        /// How each request that was answered is logged; nil: not at all.
        public var access: Logger.Level?

        public init(upstream: String, source: String) {
            self.upstream = upstream
            self.source = source
        }
    }

    /// Of a request to share servers; a larger one is passed on while it comes in.
    ///
    /// Source: Manila, `osapi_max_request_body_size`, takes 114,688 bytes.
    static let keptRequestBytes = 1 << 20
    /// Of an answer; what is larger is passed on while it comes in, and its servers are not noted.
    ///
    /// Source: a list of 20,000 servers at some 700 bytes each (captured traffic) takes half of it.
    static let keptResponseBytes = 32 << 20
    /// Connections that are kept at once; whoever comes then waits to be let in.
    static let connections = 1_000
    private static let idleTime = TimeAmount.seconds(120)

    let settings: Settings
    let recorder: Recorder
    let client: PassingClient
    let noting: Noting
    /// To be taken before calls pass, and run while they do.
    public let claim: SourceClaim
    let tally = Tally()
    var logger: Logger
    /// Intents of before are those of a former process.
    let started = Timestamp.now

    public init(settings: Settings, recorder: Recorder, client: PassingClient, logger: Logger) {
        self.settings = settings
        self.recorder = recorder
        self.client = client
        self.logger = logger
        claim = SourceClaim(source: settings.source, url: recorder.url, logger: logger)
        noting = Noting(source: settings.source, redaction: recorder.redaction)
    }

    /// The proxy on an address: takes no more connections once it is asked to end, and ends when all are answered.
    ///
    /// - Parameters:
    ///   - port: 0: any that is free.
    ///   - certificate: Nil: calls come in clear.
    ///   - onRunning: Called with the port once calls are taken.
    public func proxy(
        host: String, port: Int, certificate: ServerCertificate? = nil,
        onRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws -> any Service {
        try HTTPServerBuilder.http1(within: certificate, idleTime: Self.idleTime, isOnEventLoop: true).buildServer(
            configuration: .init(
                address: .hostname(host, port: port),
                availableConnectionsDelegate: .maximum(Self.connections, logger: logger)),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger,
            responder: { (request, writer: consuming ResponseWriter, channel) in
                let body = IncomingBody(request.body)
                let way = Way(
                    address: channel.remoteAddress?.ipAddress, isSecure: certificate != nil, body: body,
                    ending: Ending())
                var response = await answer(request, way)
                // Without its length the answer to a HEAD would be written as one with a body.
                let isUnframed = request.method == .head && response.headers[.contentLength] == nil
                if isUnframed { response.headers[.connection] = "close" }
                let writing: Result<Void, any Error>
                do {
                    try await writer.write(response: response.head, body: response.body)
                    writing = isUnframed ? .failure(CancellationError()) : .success(())
                } catch {
                    writing = .failure(error)
                }
                await way.ending.run()
                await body.close()
                // The connection ends where this throws.
                try writing.get()
            },
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? port) })
    }

    /// Every request, under an id of its own in the log of the process.
    private func answer(_ request: Request, _ way: Way) async -> Response {
        let start = ContinuousClock.now
        let id = UUID().uuidString.lowercased()
        var gateway = self
        gateway.logger[metadataKey: "call"] = .string(id)
        let response = await gateway.answer(request, way, id: id)
        if let access = settings.access {
            let path = (request.head.path ?? "").prefix { $0 != "?" }
            gateway.logger.log(
                level: access, "answered",
                metadata: [
                    "method": .string(request.method.rawValue), "path": .string(Redaction.masked(path: String(path))),
                    "status": "\(response.status.code)", "remote_address": .string(way.address ?? ""),
                    "duration_ms": "\(Int64(start.duration(to: .now) / .milliseconds(1)))",
                    "request_id": .string(response.headers[Self.requestID] ?? ""),
                ])
        }
        return response
    }

    /// Those to share servers are recorded, the others stream through.
    private func answer(_ request: Request, _ way: Way, id: String) async -> Response {
        guard let target = request.head.path, target.utf8.first == 0x2F else {
            return Self.fault(.badRequest, "badRequest", "The target of a request begins with '/' here.")
        }
        tally.count(\.requests)
        do {
            guard Call(method: request.method.rawValue, target: target) != nil else {
                return try await pass(request, target, way)
            }
            guard tally.begin(atMost: settings.calls) else { return Self.busy }
            // Until the answer has gone out: one that nobody takes is held in memory.
            way.ending.add { tally.count(\.underWay, by: -1) }
            return try await record(request, target, way, id: id)
        } catch IngestError.brokenRequest {
            return Self.broken
        } catch {
            logger.warning("\(request.method) was not answered: \(error)")
            return Self.unreachable
        }
    }

    /// Source: OpenStack API-SIG guideline, "Request IDs".
    static let requestID = HTTPField.Name("X-Openstack-Request-Id")!
}

/// How a request came to the gateway.
struct Way: Sendable {
    let address: String?
    /// Whether it came within TLS.
    let isSecure: Bool
    let body: IncomingBody
    let ending: Ending
}
