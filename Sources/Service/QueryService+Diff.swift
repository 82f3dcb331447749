import Hummingbird
import Postgres
import Queries
import ShareServers

extension QueryService {
    /// `GET /v1/servers/diff`: 200 with the servers whose status changed between two moments, how, and at whose call.
    @Sendable func diff(_ request: Request, _ context: Context) async throws -> Response {
        let query = try QueryParameters(
            request,
            known: ["from", "until", "known_at", "host", "project_id", "share_network_id", "limit", "cursor"])
        let window = try Window(query)
        let scope = try Scope(query) { lane(of: $0) }
        let bound = try knownAt(query)
        let limit = try query.limit()
        let after = try query.cursor().map { cursor throws(Problem) in try ServerKey(cursor) }
        let found = try await read(context) { connection in
            let asOf = try AsOf.projections(connection, knownAt: bound)
            let end = window.end(asOf: asOf.moment)
            let rows = try connection.fetchAll(
                Queries.Servers.fetchDiff(
                    from: window.from, until: end, known: asOf.known?.sizes, host: scope.host,
                    projectId: scope.projectID, shareNetworkId: scope.shareNetworkID, afterLane: after?.lane,
                    afterServerId: after?.id, limit: limit + 1))
            return (rows: rows, end: end, asOf: asOf)
        }
        let page = found.rows.prefix(Int(limit))
        let next =
            found.rows.count > page.count
            ? page.last.map { ServerKey(lane: $0.lane, id: $0.serverId).cursor.text } : nil
        return Response(
            [
                "window": window.json(end: found.end), "servers": .array(page.map(Self.difference)),
                "next_cursor": .text(next),
            ], asOf: found.asOf, to: request, headers: next.map(request.nextLink) ?? [:])
    }

    private static func difference(_ row: Queries.Servers.FetchDiff) -> JSON {
        let (before, after) = (JSON(row.beforeAttributes), JSON(row.afterAttributes).object ?? [:])
        let former = before.object ?? [:]
        var changed: [String: JSON] = [:]
        for name in Set(former.keys).union(after.keys).subtracting(["status", "updated_at"])
        where row.beforeAttributes != nil && former[name] != after[name] {
            changed[name] = ["before": former[name] ?? .null, "after": after[name] ?? .null]
        }
        let kind =
            switch (row.beforeStatus, row.afterStatus) {
            case (nil, "absent"): "came and went"
            case (nil, _): "came"
            case ("absent", let status) where status != "absent": "came back"
            case (let status, "absent") where status != "absent": "went"
            case (let before, let after): before == after ? "came back to" : "changed"
            }
        return [
            "server_id": .string(row.serverId.text), "lane": .count(Int64(row.lane)), "kind": .string(kind),
            "before": .text(row.beforeStatus), "after": .string(row.afterStatus),
            "host": after["host"] ?? .null, "project_id": after["project_id"] ?? .null,
            "attributes": .object(changed), "changes": JSON(row.changes),
            "calls": row.calls == nil ? .array([]) : JSON(row.calls),
        ]
    }
}
