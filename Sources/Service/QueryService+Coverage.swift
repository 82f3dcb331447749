import Hummingbird
import Postgres
import Queries
import ShareServers

extension QueryService {
    /// `GET /v1/coverage`: 200 with when each source was watching, and the gaps that it found.
    @Sendable func coverage(_ request: Request, _ context: Context) async throws -> Response {
        let query = try QueryParameters(request, known: ["from", "until", "known_at", "source", "limit", "cursor"])
        let window = try Window(query)
        let source = try query.text("source")
        let limit = try query.limit()
        let cursor = try query.cursor()
        let after = try cursor.map { cursor throws(Problem) in
            (source: try cursor.string("source"), at: try cursor.time("at"), position: try cursor.int("position"))
        }
        let bound = try knownAt(query)
        let found = try await read(context) { connection in
            let asOf = try AsOf.projections(connection, knownAt: bound)
            let end = window.end(asOf: asOf.moment)
            let rows = try connection.fetchAll(
                Queries.Coverage.fetchCoverage(
                    from: window.from, until: end, source: source, afterSource: after?.source, afterAt: after?.at,
                    afterPosition: after?.position, limit: limit + 1, known: asOf.known?.sizes))
            let sources =
                cursor == nil
                ? try connection.fetchAll(
                    Queries.Coverage.fetchSources(from: window.from, until: end, known: asOf.known?.sizes)) : nil
            return (rows: rows, sources: sources, end: end, asOf: asOf)
        }
        let page = found.rows.prefix(Int(limit))
        let next =
            found.rows.count > page.count
            ? page.last.map {
                Cursor(["source": .string($0.source), "at": JSON($0.fromAt), "position": .count($0.position)]).text
            } : nil
        var answer: [String: JSON] = [
            "window": window.json(end: found.end),
            "intervals": .array(
                page.map { row in
                    [
                        "source": .string(row.source), "state": .string(row.state), "from": JSON(row.fromAt),
                        "until": JSON(row.untilAt), "has_stopped": .bool(row.hasStopped),
                        "entry": ["lane": .count(Int64(row.lane)), "position": .count(row.position)],
                    ]
                }),
            "next_cursor": .text(next),
        ]
        let length = found.end.microseconds - window.from.microseconds
        answer["sources"] = found.sources.map { rows in
            .array(
                rows.filter { source == nil || $0.source == source }.map { row in
                    let share = row.watchedUs.map { length == 0 ? JSON.null : .number(Double($0) / Double(length)) }
                    return [
                        "source": .string(row.source), "servers": .count(row.servers),
                        "has_declared": .bool(row.hasDeclared), "watched_s": .seconds(row.watchedUs),
                        "watched_share": share ?? .null,
                    ]
                })
        }
        return Response(answer, asOf: found.asOf, to: request, headers: next.map(request.nextLink) ?? [:])
    }
}
