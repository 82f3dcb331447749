import HTTPTypes

/// What a route asks of whoever uses it. Every route stands in `table`; one that does not is for admins alone.
enum RouteAccess: String, Sendable, Hashable, CaseIterable {
    /// Nothing: it tells nothing of servers, people or projects, and must answer whoever probes, also while the database
    /// is away and no token can be looked up.
    case everyone
    case ingest
    case read
    /// As `read`, but not where only some projects are shown: what is about the log as a whole.
    case readAll = "read_all"
    case admin

    private static let manila = ["/share-servers", "/share-servers/{id}", "/share-servers/{id}/details"]

    /// By method and path. The hashes and bodies of tiles are those of every entry, and a checkpoint counts them: they are
    /// for readers of all.
    static let table: [String: RouteAccess] = {
        var table: [String: RouteAccess] = [
            "GET /": .everyone, "GET /healthz": .everyone, "GET /readyz": .everyone, "GET /metrics": .everyone,
            "GET /openapi.json": .everyone,
            "GET /v1/servers": .read, "GET /v1/servers/diff": .read, "GET /v1/servers/{id}": .read,
            "GET /v1/servers/{id}/history": .read,
            "GET /v1/events": .read, "POST /v1/events": .ingest, "GET /v1/events/{lane}/{position}": .read,
            "GET /v1/events/{lane}/{position}/proof": .read,
            "GET /v1/metrics/time-in-state": .read, "GET /v1/metrics/reliability": .read,
            "GET /v1/metrics/capacity": .read, "GET /v1/metrics/calls": .read,
            "GET /v1/errors": .read, "GET /v1/stuck": .read, "GET /v1/coverage": .read, "GET /v1/conformance": .read,
            "GET /v1/checkpoints": .readAll, "GET /v1/checkpoints/consistency": .readAll,
            // The versions of Manila's API, as Manila tells them to everybody.
            "GET /v2": .everyone, "GET /at/{time}/v2": .everyone, "GET /at/{time}": .everyone,
        ]
        for prefix in ["", "/lane/{lane}"] {
            table["GET \(prefix)/checkpoint"] = .readAll
            table["GET \(prefix)/tile/{level}/**"] = .readAll
        }
        for prefix in ["/v2", "/v2/{project_id}", "/at/{time}/v2", "/at/{time}/v2/{project_id}"] {
            for path in manila { table["GET \(prefix)\(path)"] = .read }
        }
        return table
    }()

    /// What a request needs that was routed to `path`; nil: to none. Other methods than the route's are answered with 405
    /// and OPTIONS with what is allowed, which stands in the OpenAPI document too.
    static func need(_ method: HTTPRequest.Method, _ path: String?) -> RouteAccess {
        guard let path, path != "NotFound" else { return .everyone }
        let asked = method == .head ? "GET" : method.rawValue
        if let need = table["\(asked) \(path)"] { return need }
        return methods.contains { table["\($0) \(path)"] != nil } ? .everyone : .admin
    }

    private static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
}
