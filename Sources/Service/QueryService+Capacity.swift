import Hummingbird
import Postgres
import Queries
import ShareServers

extension QueryService {
    /// The most steps of one answer.
    private static let steps: Int64 = 1000
    /// The most rows of one answer, of all groups, steps and classes.
    private static let capacityRows: Int32 = 50_000

    /// `GET /v1/metrics/capacity`: 200 with how many servers there were, by step of a window, class of status and group.
    @Sendable func capacity(_ request: Request, _ context: Context) async throws -> Response {
        let query = try QueryParameters(
            request, known: ["from", "until", "known_at", "step", "by", "host", "project_id", "share_network_id"])
        let window = try Window(query)
        let by = try query.choice("by", Grouping.fleet, [.host, .project, .shareNetwork, .fleet])
        let scope = try Scope(query) { lane(of: $0) }
        let length = window.until.microseconds - window.from.microseconds
        let asked = try query.duration("step").map(\.wholeMicroseconds)
        let step = asked ?? length
        guard (length - 1) / step < Self.steps else {
            throw Problem.parameter("step", "the window has more than \(Self.steps) of them; ask for longer ones")
        }
        let bound = try knownAt(query)
        let found = try await read(context) { connection in
            let asOf = try AsOf.projections(connection, knownAt: bound)
            let end = window.end(asOf: asOf.moment)
            return (
                rows: try connection.fetchAll(
                    Queries.Metrics.fetchCapacity(
                        from: window.from, until: end, stepUs: step, by: by.rawValue, host: scope.host,
                        projectId: scope.projectID, shareNetworkId: scope.shareNetworkID,
                        limit: Self.capacityRows + 1, known: asOf.known?.sizes)),
                turns: try connection.fetchAll(
                    Queries.Metrics.fetchTurnover(
                        from: window.from, until: end, stepUs: step, by: by.rawValue, host: scope.host,
                        projectId: scope.projectID, shareNetworkId: scope.shareNetworkID,
                        known: asOf.known?.sizes)),
                end: end, asOf: asOf
            )
        }
        guard found.rows.count <= Self.capacityRows else {
            throw Problem.parameter(
                "step", "the answer would have more than \(Self.capacityRows) figures; ask for longer ones")
        }
        let steps = Self.steps(found.rows, found.turns, window, end: found.end, step: step)
        return Response(
            [
                "window": window.json(end: found.end), "by": .string(by.rawValue), "step_s": .seconds(step),
                "steps": .array(steps),
            ], asOf: found.asOf, to: request)
    }

    private struct Step: Hashable, Comparable {
        let group: String?
        let step: Int64

        /// Groups without a name last.
        static func < (one: Step, other: Step) -> Bool {
            if one.group != other.group {
                guard let group = one.group else { return false }
                guard let otherGroup = other.group else { return true }
                return group < otherGroup
            }
            return one.step < other.step
        }
    }

    private static func steps(
        _ rows: [Queries.Metrics.FetchCapacity], _ turns: [Queries.Metrics.FetchTurnover], _ window: Window,
        end: Timestamp, step: Int64
    ) -> [JSON] {
        let byStep = Dictionary(grouping: rows) { Step(group: $0.groupName, step: $0.step) }
        let turns = Dictionary(
            turns.map { (Step(group: $0.groupName, step: $0.step), $0) }, uniquingKeysWith: { one, _ in one })
        return Set(byStep.keys).union(turns.keys).sorted().map { key in
            let from = window.from.microseconds + key.step * step
            let until = min(from + step, end.microseconds)
            var classes: [String: JSON] = [:]
            for row in byStep[key] ?? [] {
                classes[row.statusClass] = [
                    "mean": .number(row.serverUs / Double(until - from)), "peak": .count(row.peak),
                    "server_hours": .number(row.serverUs / 3.6e9),
                ]
            }
            return [
                "group": .text(key.group), "from": JSON(Timestamp?.some(Timestamp(microseconds: from))),
                "until": JSON(Timestamp?.some(Timestamp(microseconds: until))), "classes": .object(classes),
                "created": .count(turns[key]?.created ?? 0), "removed": .count(turns[key]?.removed ?? 0),
            ]
        }
    }
}

extension Duration {
    var wholeMicroseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
