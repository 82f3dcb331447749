public import EventLog
import FoundationEssentials
import HTTPTypes
public import Hummingbird
public import Ingest
public import Logging
import NIOCore
public import Postgres
import Queries
import Schema
import ShareServers

/// The query API over HTTP: `/v1`, Manila's own shapes below `/v2`, and what operators probe.
public struct QueryService: Sendable {
    public typealias Context = QueryContext

    let pool: Pool
    /// For whoever sees some projects only.
    let projectPool: Pool
    let log: Log
    /// Nil where this process signs nothing.
    let checkpointing: CheckpointState?
    /// How each request that was answered is logged; nil: not at all.
    let access: Logger.Level?
    let pushes: PushDesk
    /// Nil: whoever reaches the service may do all.
    let admission: Admission?
    /// Nil: reads are not recorded.
    let recording: ReadRecording?

    /// A page of the log looks through at most this many positions, so that a rare filter costs no more than that.
    ///
    /// Source: measured; about 50 ms of a cached log.
    static let scannedPositions: Int64 = 100_000

    /// Connections that are kept at once; whoever comes then waits to be let in.
    private static let connections = 1_000
    /// How long a connection on which nothing comes is kept.
    private static let idleTime = TimeAmount.seconds(60)

    /// - Parameters:
    ///   - pool: Answers queries; as `QueryService.pool` makes it.
    ///   - projectPool: The same for whoever sees some projects only; as `QueryService.projectPool` makes it.
    ///   - log: Takes pushed events.
    ///   - admission: Who is let in; nil: everybody, to do all.
    ///   - recording: Records who read what; nil: nobody does.
    ///   - checkpointing: Why this process refuses to sign, where it signs and does.
    ///   - pushLimits: What is taken of them at once.
    ///   - access: How each request that was answered is logged; nil: not at all.
    public init(
        pool: Pool, projectPool: Pool, log: Log, admission: Admission?, recording: ReadRecording? = nil,
        checkpointing: CheckpointState? = nil, pushLimits: PushLimits = PushLimits(), access: Logger.Level? = nil
    ) {
        self.pool = pool
        self.projectPool = projectPool
        self.log = log
        self.admission = admission
        self.recording = recording
        self.checkpointing = checkpointing
        pushes = PushDesk(limits: pushLimits)
        self.access = access
    }

    /// What answers every request.
    public func router() -> Router<Context> {
        let router = routes()
        refuseOtherMethods(router)
        return router
    }

    /// Every route that the OpenAPI document describes.
    func routes() -> Router<Context> {
        let router = Router(context: Context.self, options: [.autoGenerateHeadEndpoints])
        router.add(middleware: RequestMiddleware(access: access))
        router.add(middleware: ProblemMiddleware())
        router.add(middleware: AdmissionMiddleware(admission: admission, recording: recording))
        router.get("/") { request, _ in Self.welcome(request) }
        router.get("/healthz") { _, _ in Response(json: ["status": "ok"]) }
        router.get("/readyz") { _, _ in try await ready() }
        router.get("/metrics", use: metrics)
        router.get("/openapi.json") { _, _ in Response(bytes: OpenAPI.document) }
        router.get("/v1/servers", use: servers)
        router.get("/v1/servers/:id", use: server)
        router.get("/v1/servers/:id/history", use: history)
        router.get("/v1/events", use: events)
        router.get("/v1/events/:lane/:position", use: event)
        router.get("/v1/events/:lane/:position/proof", use: proof)
        router.get("/v1/checkpoints", use: checkpoints)
        router.get("/v1/checkpoints/consistency", use: consistency)
        router.post("/v1/events", use: push)
        addAnalytics(to: router)
        addTiles(to: router)
        addManilaRoutes(to: router)
        return router
    }

    private func addAnalytics(to router: Router<Context>) {
        router.get("/v1/servers/diff", use: diff)
        router.get("/v1/metrics/time-in-state", use: timeInState)
        router.get("/v1/metrics/reliability", use: reliability)
        router.get("/v1/metrics/capacity", use: capacity)
        router.get("/v1/metrics/calls", use: calls)
        router.get("/v1/errors", use: errors)
        router.get("/v1/stuck", use: stuck)
        router.get("/v1/coverage", use: coverage)
        router.get("/v1/conformance", use: conformance)
    }

    /// Source: IANA, HTTP Method Registry; QUERY is that of draft-ietf-httpbis-safe-method-w-body.
    private static let refusable: [HTTPRequest.Method] = [.get, .post, .put, .patch, .delete, .trace, .query]

    /// 405 with what is allowed, for every other method on the path of a route; OPTIONS is told without an error.
    ///
    /// Source: RFC 9110, sections 15.5.6 and 9.3.7.
    private func refuseOtherMethods(_ router: Router<Context>) {
        let methods = Dictionary(grouping: router.routes, by: \.path.description).values
        for routes in methods {
            var allowed = Set(routes.map(\.method))
            if allowed.contains(.get) { allowed.insert(.head) }
            let allow = (allowed.map(\.rawValue) + ["OPTIONS"]).sorted().joined(separator: ", ")
            for method in Self.refusable where !allowed.contains(method) {
                router.on(routes[0].path, method: method) { request, _ -> Response in
                    throw Problem.notAllowed(request.method.rawValue, allow: allow)
                }
            }
            router.on(routes[0].path, method: .options) { _, _ in
                Response(status: .noContent, headers: [.allow: allow])
            }
        }
    }

    /// The service on an address.
    ///
    /// - Parameters:
    ///   - port: 0: any that is free.
    ///   - certificate: Nil: requests come in clear.
    ///   - onRunning: Called with the port once requests are taken.
    public func application(
        host: String, port: Int, certificate: ServerCertificate? = nil, logger: Logger,
        onRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws -> some ApplicationProtocol {
        Application(
            router: router(),
            server: try .http1(
                within: certificate, idleTime: Self.idleTime,
                handlers: [
                    UnreadableRequest(),
                    SlowBody(pause: pushes.limits.pause, whole: pushes.limits.time, head: Self.idleTime),
                ]),
            configuration: .init(
                address: .hostname(host, port: port), serverName: "dossier",
                availableConnectionsDelegate: .maximum(Self.connections, logger: logger)),
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? port) },
            logger: logger)
    }

    /// What this is and where to go on; and, for Manila's clients, the versions of its API.
    private static func welcome(_ request: Request) -> Response {
        var welcome = Microversion.document(request).object ?? [:]
        welcome.merge(guide) { known, _ in known }
        return Response(json: .object(welcome))
    }

    private static let guide: [String: JSON] = [
        "name": "dossier", "description": "The record of every OpenStack Manila share server.",
        "openapi": "/openapi.json",
        "routes": [
            "/v1/servers", "/v1/servers/{id}", "/v1/servers/{id}/history", "/v1/events",
            "/v1/events/{lane}/{position}", "/v1/servers/diff", "/v1/metrics/time-in-state", "/v1/metrics/reliability",
            "/v1/metrics/capacity", "/v1/metrics/calls", "/v1/errors", "/v1/stuck", "/v1/coverage", "/v1/conformance",
            "/v1/checkpoints", "/v1/checkpoints/consistency", "/v1/events/{lane}/{position}/proof", "/checkpoint",
            "/v2/share-servers", "/at/{time}/v2/share-servers", "/healthz",
            "/readyz", "/metrics",
        ],
    ]

    private func ready() async throws -> Response {
        do {
            let pending = try await pool.withConnection { connection in try Migration.pending(on: connection) }
            guard pending.isEmpty else {
                throw Problem.unavailable(
                    "the schema lacks \(pending.map(\.name).joined(separator: ", ")); run 'dossier migrate'")
            }
            var answer: [String: JSON] = ["status": "ready"]
            let refusals = checkpointing?.refusals ?? []
            if !refusals.isEmpty {
                answer["checkpoints"] = .array(
                    refusals.map { ["lane": .count(Int64($0.lane.number)), "refused": .string($0.reason)] })
            }
            return Response(json: .object(answer))
        } catch let error as SchemaError {
            throw Problem.unavailable("\(error)")
        }
    }

    /// The server that a path names.
    func serverID(_ context: Context) throws(Problem) -> UUID {
        guard let text = pathID(context), text.utf8.count == 36, let id = UUID(uuidString: text) else {
            throw Problem(.badRequest, "the id of a server is a UUID, such as 8c041935-231e-405a-a0d2-d5b0acdceb46")
        }
        return id
    }

    func pathID(_ context: Context) -> String? { context.parameters.get("id").map { Percent.decode($0.utf8) } }

    func lane(of server: UUID) -> Int16 { Lane(of: server, lanes: log.lanes).number }
}

extension HTTPRequest.Method {
    fileprivate static let query = HTTPRequest.Method("QUERY")!
}
