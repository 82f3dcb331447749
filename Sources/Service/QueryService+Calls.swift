import Hummingbird
import Postgres
import Queries
import ShareServers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension QueryService {
    /// `GET /v1/metrics/calls`: 200 with how many calls there were in a window, how they were answered and how fast.
    @Sendable func calls(_ request: Request, _ context: Context) async throws -> Response {
        let query = try QueryParameters(
            request,
            known: ["from", "until", "known_at", "by", "operation", "actor", "project_id", "host", "server_id"])
        let window = try Window(query)
        let by = try query.choice("by", CallGrouping.operation)
        let operation = try query.text("operation")
        let actor = try query.text("actor")
        let scope = try Scope(query) { lane(of: $0) }
        let bound = try knownAt(query)
        let found = try await read(context) { connection in
            let asOf = try AsOf.projections(connection, knownAt: bound)
            let end = window.end(asOf: asOf.moment)
            let rows = try connection.fetchAll(
                Queries.Metrics.fetchCalls(
                    from: window.from, until: end, by: by.rawValue, operation: operation, actorUserId: actor,
                    projectId: scope.projectID, host: scope.host, serverId: scope.server?.id,
                    lane: scope.server?.lane, outOfLog: context.asker.projects != nil || asOf.known != nil,
                    known: asOf.known?.sizes))
            return (rows: rows, end: end, asOf: asOf)
        }
        let length = found.end.microseconds - window.from.microseconds
        var groups: [JSON] = []
        var rest = found.rows[...]
        while let first = rest.first {
            let own = rest.prefix { $0.groupName == first.groupName }
            rest = rest.dropFirst(own.count)
            groups.append(CallFigures(Array(own)).json(group: first.groupName, length: length))
        }
        // The group without a name comes last, as everywhere.
        if let first = groups.first, first["group"] == .null { groups.append(groups.removeFirst()) }
        return Response(
            ["window": window.json(end: found.end), "by": .string(by.rawValue), "groups": .array(groups)],
            asOf: found.asOf, to: request)
    }

    private enum CallGrouping: String, CaseIterable {
        case operation, actor, project, host, fleet
        case httpClass = "http_class"
    }
}

/// How often, with what answers and how fast calls were made.
struct CallFigures: Sendable {
    /// By class of HTTP status; 0: no answer.
    private(set) var classes: [Int16: Int64] = [:]
    /// By bucket of `dossier.latency_bucket`, of calls whose duration was told.
    private var latencies: [Int16: Int64] = [:]
    private var microseconds: Int64 = 0

    /// What stands for calls whose duration was not told.
    private static let untold: Int16 = -32768
    /// How much wider each bucket is than the one below. Source: m003, `dossier.latency_bucket`.
    private static let gamma = 1.01 / 0.99

    init(_ rows: [Queries.Metrics.FetchCalls]) {
        for row in rows {
            classes[row.httpClass, default: 0] += row.calls
            guard row.bucket != Self.untold else { continue }
            latencies[row.bucket, default: 0] += row.calls
            microseconds += row.durationUs
        }
    }

    var count: Int64 { classes.values.reduce(0, +) }
    var timed: Int64 { latencies.values.reduce(0, +) }

    /// Within 1 % of the least duration that a share of the calls did not exceed, in milliseconds; nil where none was
    /// timed. That is the call of rank ⌈share × n⌉.
    ///
    /// Source: Masson, Rim, Lee, "DDSketch", VLDB 2019, lemma 2: what stands for a bucket.
    func latency(_ share: Double) -> Double? {
        // Not one more for a share such as 0.9, which is no double.
        let rank = (share * Double(timed) - 1e-9).rounded(.up)
        var below: Int64 = 0
        for (bucket, calls) in latencies.sorted(by: { $0.key < $1.key }) {
            below += calls
            if Double(below) >= rank { return 2 * pow(Self.gamma, Double(bucket)) / (Self.gamma + 1) }
        }
        return nil
    }

    /// - Parameter length: Of the window, in microseconds.
    func json(group: String, length: Int64) -> JSON {
        func milliseconds(_ share: Double) -> JSON {
            latency(share).map { .number(($0 * 1000).rounded() / 1000) } ?? .null
        }
        var classes: [String: JSON] = [:]
        for (httpClass, calls) in self.classes {
            classes[httpClass == 0 ? "none" : "\(httpClass)xx"] = .count(calls)
        }
        return [
            "group": group.isEmpty ? .null : .string(group), "calls": .count(count), "http": .object(classes),
            "rate_per_hour": length == 0 ? .null : .number(Double(count) / (Double(length) / 3.6e9)),
            "failed_share": .number(
                Double((self.classes[4] ?? 0) + (self.classes[5] ?? 0)) / Double(max(count, 1))),
            "timed": .count(timed),
            "mean_ms": timed == 0 ? .null : .number(Double(microseconds) / 1000 / Double(timed)),
            "p50_ms": milliseconds(0.5), "p90_ms": milliseconds(0.9), "p99_ms": milliseconds(0.99),
            "max_ms": milliseconds(1),
        ]
    }
}
