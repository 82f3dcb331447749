import Hummingbird
import Postgres
import Queries
import ShareServers

extension QueryService {
    /// `GET /v1/metrics/time-in-state`: 200 with how long servers were in each status of a window, by group.
    @Sendable func timeInState(_ request: Request, _ context: Context) async throws -> Response {
        let query = try QueryParameters(
            request, known: ["from", "until", "by", "known_at", "limit", "cursor"] + Scope.parameters)
        let window = try Window(query)
        let by = try query.choice("by", Grouping.fleet)
        let scope = try Scope(query) { lane(of: $0) }
        let bound = try knownAt(query)
        let limit = try query.limit()
        let after = try query.cursor().map { cursor throws(Problem) in try cursor.string("group") }
        let (rows, end, asOf) = try await read(context) { connection in
            let asOf = try AsOf.projections(connection, knownAt: bound)
            let end = window.end(asOf: asOf.moment)
            let rows = try connection.fetchAll(
                Queries.Metrics.fetchTimeInState(
                    window, end, by, scope, known: asOf.known?.sizes, after: after, limit: limit + 1))
            return (rows, end, asOf)
        }
        let groups = TimeInState.groups(rows, length: end.microseconds - window.from.microseconds)
        let page = groups.prefix(Int(limit))
        // A group without a name comes last, and so ends the last page.
        let next = groups.count > page.count ? page.last?.group.map { Cursor(["group": .string($0)]).text } : nil
        return Response(
            [
                "window": window.json(end: end), "by": .string(by.rawValue), "groups": .array(page.map(\.json)),
                "next_cursor": .text(next),
            ], asOf: asOf, to: request, headers: next.map(request.nextLink) ?? [:])
    }
}

extension Queries.Metrics {
    static func fetchTimeInState(
        _ window: Window, _ end: Timestamp, _ by: Grouping, _ scope: Scope, known: [Int64]?, after: String?,
        limit: Int32
    ) -> Query<FetchTimeInState> {
        fetchTimeInState(
            from: window.from, until: end, by: by.rawValue, lane: scope.server?.lane, serverId: scope.server?.id,
            host: scope.host, projectId: scope.projectID, shareNetworkId: scope.shareNetworkID, known: known,
            after: after, limit: limit)
    }
}

/// How long the servers of one group were in each status of a window.
///
/// All times in microseconds, of which a large fleet has more in a long window than 64 bits hold. The seconds in statuses, unobserved and absent add up to the window once for each server.
struct TimeInState: Sendable {
    let group: String?
    let servers: Int64
    let statuses: [Status]
    let unobserved: Int128
    /// Before the servers were created, after they were gone, or while they were in another group.
    let absent: Int128
    /// Of the window, times the servers.
    let whole: Int128

    /// One of Manila's statuses.
    struct Status: Sendable {
        let status: String
        let total: Int128
        let begun: Int64
        let completed: Int64
        let censored: Int64
        let uncertainty: Int64
        /// Of visits that ended in the window, shortest first.
        let lengths: [Int64]
        let stays: KaplanMeier
        var statusClass: StatusClass { StatusClass(status: status) }
    }

    /// - Parameter length: Of the window.
    static func groups(_ rows: [Queries.Metrics.FetchTimeInState], length: Int64) -> [TimeInState] {
        var groups: [TimeInState] = []
        var rest = rows[...]
        while let first = rest.first {
            let own = rest.prefix { $0.groupName == first.groupName }
            rest = rest.dropFirst(own.count)
            groups.append(TimeInState(Array(own), length: length))
        }
        return groups
    }

    private init(_ rows: [Queries.Metrics.FetchTimeInState], length: Int64) {
        group = rows[0].groupName
        servers = rows[0].servers
        statuses = rows.filter { $0.status != "unobserved" }.map(Status.init)
        unobserved = rows.first { $0.status == "unobserved" }?.total ?? 0
        whole = Int128(length) * Int128(servers)
        absent = whole - statuses.reduce(unobserved) { $0 + $1.total }
    }

    /// Neither absent nor unobserved.
    var observed: Int128 { whole - absent - unobserved }

    func total(_ statusClass: StatusClass) -> Int128 {
        statuses.filter { $0.statusClass == statusClass }.reduce(0) { $0 + $1.total }
    }

    var json: JSON {
        [
            "group": .text(group), "servers": .count(servers), "window_s": .seconds(whole),
            "unobserved_s": .seconds(unobserved), "absent_s": .seconds(absent),
            "observed_share": whole == absent ? .null : .number(Double(observed) / Double(whole - absent)),
            "statuses": .array(statuses.map { $0.json(of: whole - absent) }),
        ]
    }
}

extension Queries.Metrics.FetchTimeInState {
    fileprivate var total: Int128 { Int128(totalS) * 1_000_000 + Int128(totalRestUs) }
}

extension TimeInState.Status {
    fileprivate init(_ row: Queries.Metrics.FetchTimeInState) {
        status = row.status
        total = row.total
        begun = row.begun
        completed = row.completed
        censored = row.censored
        uncertainty = row.uncertaintyUs
        var lengths: [Int64] = []
        var stays: [KaplanMeier.Stay] = []
        stays.reserveCapacity(row.leftUs.count)
        for (index, left) in row.leftUs.enumerated() {
            let isCompleted = row.completions[index]
            if isCompleted { lengths.append(left) }
            stays.append(.init(entered: row.enteredUs[index], left: left, isCompleted: isCompleted))
        }
        self.lengths = lengths.sorted()
        self.stays = KaplanMeier(stays)
    }

    /// - Parameter present: The time for which the servers were not absent.
    fileprivate func json(of present: Int128) -> JSON {
        let mean = lengths.isEmpty ? nil : lengths.reduce(0) { $0 + Double($1) } / Double(lengths.count)
        return [
            "status": .string(status), "class": .string(statusClass.rawValue), "total_s": .seconds(total),
            "share": present == 0 ? .null : .number(Double(total) / Double(present)), "begun": .count(begun),
            "completed": .count(completed), "censored": .count(censored),
            "mean_s": mean.map { .number($0 / 1e6) } ?? .null,
            "p50_s": .seconds(Percentile.of(lengths, share: 0.5)),
            "p95_s": .seconds(Percentile.of(lengths, share: 0.95)),
            "max_s": .seconds(lengths.last), "median_km_s": .seconds(stays.quantile(0.5)),
            "uncertainty_max_s": .seconds(uncertainty),
        ]
    }
}
