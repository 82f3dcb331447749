import Hummingbird
import Postgres
import Queries
import ShareServers

extension QueryService {
    /// Servers named as repeat offenders beside the first page of errors.
    private static let offenders: Int32 = 20

    /// `GET /v1/errors`: 200 with the error episodes and the failed calls of a window, in order of time.
    @Sendable func errors(_ request: Request, _ context: Context) async throws -> Response {
        let query = try QueryParameters(
            request, known: ["from", "until", "known_at", "kind", "server_id", "host", "project_id", "limit", "cursor"])
        let window = try Window(query)
        let kind = try query.choice("kind", ErrorKind.all)
        let scope = try Scope(query) { lane(of: $0) }
        let limit = try query.limit()
        let cursor = try query.cursor()
        let after = try cursor.map { cursor throws(Problem) in
            (at: try cursor.time("at"), lane: try cursor.lane(), position: try cursor.int("position"))
        }
        let bound = try knownAt(query)
        let found = try await read(context) { connection in
            let asOf = try AsOf.projections(connection, knownAt: bound)
            let end = window.end(asOf: asOf.moment)
            let rows = try connection.fetchAll(
                Queries.Errors.fetchErrors(
                    from: window.from, until: end, kind: kind == .all ? nil : kind.rawValue, lane: scope.server?.lane,
                    serverId: scope.server?.id, host: scope.host, projectId: scope.projectID, afterAt: after?.at,
                    afterLane: after?.lane, afterPosition: after?.position, limit: limit + 1,
                    known: asOf.known?.sizes))
            let offenders =
                cursor == nil && scope.server == nil && kind != .call
                ? try connection.fetchAll(
                    Queries.Errors.fetchOffenders(
                        from: window.from, until: end, host: scope.host, projectId: scope.projectID,
                        limit: Self.offenders, known: asOf.known?.sizes))
                : nil
            return (rows: rows, offenders: offenders, end: end, asOf: asOf)
        }
        let page = found.rows.prefix(Int(limit))
        let next =
            found.rows.count > page.count
            ? page.last.map {
                Cursor(["at": JSON($0.at), "lane": .count(Int64($0.lane)), "position": .count($0.position)]).text
            } : nil
        var answer: [String: JSON] = [
            "window": window.json(end: found.end), "errors": .array(page.map { Self.error($0, end: found.end) }),
            "next_cursor": .text(next),
        ]
        answer["repeat_offenders"] = found.offenders.map { rows in
            .array(
                rows.map { row in
                    [
                        "server_id": .string(row.serverId.text), "episodes": .count(row.episodes),
                        "failed_s": .seconds(row.failedUs), "host": .text(row.host),
                    ]
                })
        }
        return Response(answer, asOf: found.asOf, to: request, headers: next.map(request.nextLink) ?? [:])
    }

    private enum ErrorKind: String, CaseIterable {
        case all, episode, call
    }

    private static func error(_ row: Queries.Errors.FetchErrors, end: Timestamp) -> JSON {
        var json: [String: JSON] = [
            "kind": .string(row.kind), "at": JSON(row.at), "server_id": .text(row.serverId?.text),
            "entry": ["lane": .count(Int64(row.lane)), "position": .count(row.position)],
            "host": .text(row.host), "project_id": .text(row.projectId),
        ]
        guard row.kind == "episode" else {
            json["call"] = JSON(row.call)
            return .object(json)
        }
        let until = row.untilAt ?? end
        json.merge([
            "status": .text(row.status), "former_status": .text(row.formerStatus), "not_before": JSON(row.notBefore),
            "until": JSON(row.untilAt), "until_status": .text(row.untilStatus),
            // What is not over yet has no length: the answer would never stay the same.
            "duration_s": row.untilAt == nil ? .null : .seconds(max(0, until.microseconds - row.at.microseconds)),
            "resolution": .text(row.resolution), "is_asserted": .bool(row.isAsserted ?? false),
            "visits": .count(Int64(row.visits ?? 1)), "recurrence": .count(row.recurrence ?? 0),
            "share_network_id": .text(row.shareNetworkId), "cause": JSON(row.cause), "remedy": JSON(row.remedy),
        ]) { $1 }
        return .object(json)
    }

    /// With how long ago visits ended that a server's is compared with, where nobody says.
    private static let compared = Duration.seconds(90 * 86_400)
    /// Nothing younger is called stuck, where nobody says. Source: Manila's periodic clean-up takes as long.
    private static let floor = Duration.seconds(600)

    /// `GET /v1/stuck`: 200 with the servers that have been in a transitional status for longer than is usual.
    @Sendable func stuck(_ request: Request, _ context: Context) async throws -> Response {
        let query = try QueryParameters(
            request, known: ["at", "known_at", "floor", "compared", "host", "project_id", "limit"])
        let at = try query.time("at")
        let floor = try query.duration("floor") ?? Self.floor
        let compared = try query.duration("compared") ?? Self.compared
        let scope = try Scope(query) { lane(of: $0) }
        let limit = try query.limit()
        let bound = try knownAt(query)
        let found = try await read(context) { connection in
            let asOf = try AsOf.projections(connection, knownAt: bound)
            let moment = min(at ?? .latest, asOf.moment)
            let rows = try connection.fetchAll(
                Queries.Errors.fetchStuck(
                    at: moment, since: moment.advanced(by: .zero - compared), floorUs: floor.wholeMicroseconds,
                    host: scope.host, projectId: scope.projectID, limit: limit, known: asOf.known?.sizes))
            return (rows: rows, moment: moment, asOf: asOf)
        }
        let servers = found.rows.map { row -> JSON in
            [
                "server_id": .string(row.serverId.text), "status": .string(row.status), "since": JSON(row.fromAt),
                "not_before": JSON(row.notBefore), "age_s": .seconds(row.ageUs), "usual_s": .seconds(row.usualUs),
                "compared": .count(row.compared), "is_by_host": .bool(row.isByHost), "host": .text(row.host),
                "project_id": .text(row.projectId), "share_network_id": .text(row.shareNetworkId),
                "entry": ["lane": .count(Int64(row.lane)), "position": .count(row.position)], "cause": JSON(row.cause),
            ]
        }
        return Response(
            [
                "at": JSON(found.moment), "floor_s": .seconds(floor.wholeMicroseconds),
                "compared_s": .seconds(compared.wholeMicroseconds), "servers": .array(servers),
            ], asOf: found.asOf, to: request)
    }
}
