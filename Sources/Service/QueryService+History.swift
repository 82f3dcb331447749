import FoundationEssentials
import HTTPTypes
import Hummingbird
import Postgres
import Queries
import ShareServers

extension QueryService {
    /// Visits, and gaps, shown beside the first page of a timeline.
    private static let visits: Int32 = 1000

    /// `GET /v1/servers/{id}/history`: 200 with one timeline in order of time; 404 where no event has named the server.
    ///
    /// Calls that only read and were answered well are left out unless `reads=true`. A call that several sources told is
    /// one item.
    @Sendable func history(_ request: Request, _ context: Context) async throws -> Response {
        let id = try serverID(context)
        let query = try QueryParameters(request, known: ["from", "until", "reads", "known_at", "limit", "cursor"])
        let bound = try knownAt(query)
        let (from, until) = (try query.time("from"), try query.time("until"))
        let reads = try query.bool("reads") ?? false
        let limit = try query.limit()
        let cursor = try query.cursor()
        let after = try cursor.map { cursor throws(Problem) in
            (at: try cursor.time("at"), position: try cursor.int("position"))
        }
        let lane = lane(of: id)
        let found = try await read(context, isOfOne: true) { connection in
            let asOf = try AsOf.projections(connection, knownAt: bound)
            let known = asOf.known
            let size = known?.sizes[Int(lane)]
            let first = Queries.Servers.fetchHistory(
                lane: lane, serverId: id, from: nil, until: nil, afterAt: nil, afterPosition: nil, reads: true,
                known: size, limit: 1)
            guard try connection.fetchOptional(Queries.Servers.fetchServer(lane: lane, serverId: id)) != nil,
                try size == nil || !connection.fetchAll(first).isEmpty
            else {
                throw Problem(
                    .notFound, "no event has named server \(id.text)",
                    ["as_of": asOf.json])
            }
            let rows = try connection.fetchAll(
                Queries.Servers.fetchHistory(
                    lane: lane, serverId: id, from: from, until: until, afterAt: after?.at,
                    afterPosition: after?.position, reads: reads, known: size, limit: limit + 1))
            guard cursor == nil else { return (rows: rows, beside: nil as Beside?, asOf: asOf) }
            let visits = try connection.fetchAll(
                Queries.Servers.fetchVisits(
                    lane: lane, serverId: id, from: from, until: until, known: known?.sizes, limit: Self.visits))
            let end = min(until ?? .latest, asOf.moment)
            let life = try ServerLife(of: id, lane: lane, until: known?.moment, known: known, connection)
            let gaps =
                life.isCovered
                ? try connection.fetchAll(
                    Queries.Servers.fetchGaps(
                        lane: lane, serverId: id, from: from, until: end, known: known?.sizes, limit: Self.visits))
                : []
            let beside = Beside(visits: visits, gaps: gaps, end: until == end ? nil : end, life: life)
            return (rows: rows, beside: beside, asOf: asOf)
        }
        let items = try found.rows.prefix(Int(limit)).map { try TimelineItem($0) }
        let next =
            found.rows.count > items.count
            ? items.last.map {
                Cursor(["at": JSON($0.at), "position": .number(Double($0.position))]).text
            } : nil
        var answer: [String: JSON] = [
            "server_id": .string(id.text), "timeline": .array(items.map(\.json)),
            "next_cursor": next.map { .string($0) } ?? .null,
        ]
        if let beside = found.beside {
            answer["visits"] = .array(beside.visits.map { Self.visit($0, lane: lane) })
            answer["gaps"] = .array(
                beside.gaps.map { gap in
                    ["from": JSON(gap.fromAt), "until": gap.untilAt == beside.end ? .null : JSON(gap.untilAt)]
                })
            answer.merge(beside.life.members) { known, _ in known }
        }
        return Response(answer, asOf: found.asOf, to: request, headers: next.map(request.nextLink) ?? [:])
    }

    /// What stands beside the first page of a timeline.
    private struct Beside: Sendable {
        let visits: [Queries.Servers.FetchVisits]
        let gaps: [Queries.Servers.FetchGaps]
        /// A gap up to here lasts: the answer would never stay the same.
        let end: Timestamp?
        let life: ServerLife
    }

    private static func visit(_ row: Queries.Servers.FetchVisits, lane: Int16) -> JSON {
        let end = row.untilAt ?? Timestamp.now
        let lane = JSON.number(Double(lane))
        var visit: [String: JSON] = [
            "status": .string(row.status), "class": .string(StatusClass(status: row.status).rawValue),
            "from": JSON(row.fromAt), "until": JSON(row.untilAt), "not_before": JSON(row.notBefore),
            "entry": ["lane": lane, "position": .number(Double(row.position))],
            "cause": row.causePosition.map { ["lane": lane, "position": .number(Double($0))] } ?? .null,
        ]
        // The visit under way has no length yet: an answer would never stay the same.
        visit["duration_s"] =
            row.untilAt == nil
            ? .null : .number(Double(max(0, end.microseconds - row.fromAt.microseconds)) / 1e6)
        return .object(visit)
    }
}

/// One entry in a server's timeline.
private struct TimelineItem {
    let at: Timestamp
    let position: Int64
    let json: JSON

    init(_ row: Queries.Servers.FetchHistory) throws {
        let event = try JSON(parsing: row.body)
        let kind =
            switch event["type"]?.string {
            case EventType.status: "status"
            case EventType.call: "call"
            case EventType.backendDetails: "backend_details"
            default: "other"
            }
        at = event["time"]?.string.flatMap { Timestamp($0) } ?? row.recordedAt
        position = row.position
        var members: [String: JSON] = [
            "at": JSON(at), "kind": .string(kind), "lane": .number(Double(row.lane)),
            "position": .number(Double(row.position)), "recorded": JSON(row.recordedAt), "event": event,
        ]
        if row.toldAgain != nil { members["told_again"] = JSON(row.toldAgain) }
        json = .object(members)
    }
}
