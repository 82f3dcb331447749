import Hummingbird
import Postgres
import Queries
import ShareServers

extension QueryService {
    /// `GET /v1/conformance`: 200 with what Manila's documented state machine does not allow and happened in a window.
    @Sendable func conformance(_ request: Request, _ context: Context) async throws -> Response {
        let query = try QueryParameters(
            request, known: ["from", "until", "known_at", "server_id", "host", "project_id", "limit", "cursor"])
        let window = try Window(query)
        let scope = try Scope(query) { lane(of: $0) }
        let limit = try query.limit()
        let after = try query.cursor().map { cursor throws(Problem) in
            (at: try cursor.time("at"), lane: try cursor.lane(), position: try cursor.int("position"))
        }
        let bound = try knownAt(query)
        let found = try await read(context) { connection in
            let asOf = try AsOf.projections(connection, knownAt: bound)
            let end = window.end(asOf: asOf.moment)
            let transitions = try connection.fetchAll(
                Queries.Conformance.fetchTransitions(
                    from: window.from, until: end, lane: scope.server?.lane, serverId: scope.server?.id,
                    host: scope.host, projectId: scope.projectID, afterAt: after?.at, afterLane: after?.lane,
                    afterPosition: after?.position, limit: limit + 1, known: asOf.known?.sizes))
            let calls = try connection.fetchAll(
                Queries.Conformance.fetchCalls(
                    from: window.from, until: end, lane: scope.server?.lane, serverId: scope.server?.id,
                    host: scope.host, projectId: scope.projectID, afterAt: after?.at, afterLane: after?.lane,
                    afterPosition: after?.position, limit: limit + 1, known: asOf.known?.sizes))
            return (rows: transitions.map(Deviation.init) + calls.map(Deviation.init), end: end, asOf: asOf)
        }
        let rows = found.rows.sorted { $0.order < $1.order }
        let page = rows.prefix(Int(limit))
        let next =
            rows.count > page.count
            ? page.last.map {
                Cursor(["at": JSON($0.order.0), "lane": .count(Int64($0.order.1)), "position": .count($0.order.2)]).text
            } : nil
        return Response(
            [
                "window": window.json(end: found.end), "deviations": .array(page.map(\.json)),
                "next_cursor": .text(next),
            ], asOf: found.asOf, to: request, headers: next.map(request.nextLink) ?? [:])
    }
}

/// A change or a call that should not have been possible.
private struct Deviation {
    let order: (Timestamp, Int16, Int64)
    let json: JSON

    init(_ row: Queries.Conformance.FetchTransitions) {
        order = (row.at, row.lane, row.position)
        json = [
            "kind": "transition", "at": JSON(Timestamp?.some(row.at)), "server_id": .string(row.serverId.text),
            "entry": ["lane": .count(Int64(row.lane)), "position": .count(row.position)],
            "former_status": .string(row.formerStatus), "status": .string(row.status),
            "is_documented": .bool(row.isDocumented), "not_before": JSON(row.notBefore), "host": .text(row.host),
            "project_id": .text(row.projectId), "cause": JSON(row.cause),
            "reason": .string(
                row.isDocumented
                    ? "no documented way leads from \(row.formerStatus) to \(row.status), and nobody reset the status"
                    : "a status that Manila's documents do not name"),
        ]
    }

    init(_ row: Queries.Conformance.FetchCalls) {
        order = (row.at, row.lane, row.position)
        let call = JSON(row.call)
        json = [
            "kind": "call", "at": JSON(Timestamp?.some(row.at)), "server_id": .string(row.serverId.text),
            "entry": ["lane": .count(Int64(row.lane)), "position": .count(row.position)],
            "status": .string(row.status), "is_certain": .bool(row.isCertain), "host": .text(row.host),
            "project_id": .text(row.projectId), "call": call,
            "reason": .string("\(call["operation"]?.string ?? "the call") was accepted in status \(row.status)"),
        ]
    }
}
