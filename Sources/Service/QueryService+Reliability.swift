import Hummingbird
import Postgres
import Queries
import ShareServers

extension QueryService {
    /// `GET /v1/metrics/reliability`: 200 with time to restore, MTBF and availability in a window, by group.
    @Sendable func reliability(_ request: Request, _ context: Context) async throws -> Response {
        let query = try QueryParameters(
            request,
            known: ["from", "until", "known_at", "by", "migrating", "confidence", "limit", "cursor"] + Scope.parameters)
        let window = try Window(query)
        let by = try query.choice("by", Grouping.fleet)
        let scope = try Scope(query) { lane(of: $0) }
        let migrating = try query.choice("migrating", Reliability.Migrating.down)
        let confidence = try query.share("confidence") ?? 0.9
        let limit = try query.limit()
        let after = try query.cursor().map { cursor throws(Problem) in try cursor.string("group") }
        let bound = try knownAt(query)
        let found = try await read(context) { connection in
            let asOf = try AsOf.projections(connection, knownAt: bound)
            let end = window.end(asOf: asOf.moment)
            return (
                states: try connection.fetchAll(
                    Queries.Metrics.fetchTimeInState(
                        window, end, by, scope, known: asOf.known?.sizes, after: after, limit: limit + 1)),
                failures: try connection.fetchAll(
                    Queries.Metrics.fetchFailures(
                        from: window.from, until: end, by: by.rawValue, lane: scope.server?.lane,
                        serverId: scope.server?.id, host: scope.host, projectId: scope.projectID,
                        shareNetworkId: scope.shareNetworkID, known: asOf.known?.sizes)),
                creations: try connection.fetchAll(
                    Queries.Metrics.fetchCreations(
                        from: window.from, until: end, by: by.rawValue, lane: scope.server?.lane,
                        serverId: scope.server?.id, host: scope.host, projectId: scope.projectID,
                        shareNetworkId: scope.shareNetworkID, known: asOf.known?.sizes)),
                end: end, asOf: asOf
            )
        }
        let groups = TimeInState.groups(
            found.states, length: found.end.microseconds - window.from.microseconds)
        let page = groups.prefix(Int(limit))
        let next = groups.count > page.count ? page.last?.group.map { Cursor(["group": .string($0)]).text } : nil
        let failures = Dictionary(grouping: found.failures, by: \.groupName)
        let creations = Dictionary(grouping: found.creations, by: \.groupName)
        let answers = page.map { group in
            Reliability(
                time: group, failures: failures[group.group] ?? [], creations: creations[group.group] ?? [],
                migrating: migrating, confidence: confidence
            ).json
        }
        return Response(
            [
                "window": window.json(end: found.end), "by": .string(by.rawValue),
                "migrating": .string(migrating.rawValue), "confidence": .number(confidence),
                "groups": .array(answers), "next_cursor": .text(next),
            ], asOf: found.asOf, to: request, headers: next.map(request.nextLink) ?? [:])
    }
}

extension QueryParameters {
    /// A number between 0 and 1, neither of them included.
    func share(_ name: String) throws(Problem) -> Double? {
        guard let text = try text(name) else { return nil }
        guard let share = Double(text), share > 0, share < 1 else {
            throw .parameter(name, "a number between 0 and 1 is expected, such as 0.9,")
        }
        return share
    }
}

/// How often the servers of one group failed in a window, how long it took to restore them, and how available they were.
struct Reliability: Sendable {
    let time: TimeInState
    let failures: [Queries.Metrics.FetchFailures]
    let creations: [Queries.Metrics.FetchCreations]
    let migrating: Migrating
    let confidence: Double

    /// How the time in `server_migrating`, `server_migrating_to` and `network_change` counts.
    enum Migrating: String, Sendable, CaseIterable {
        /// As serving.
        case up
        /// As not serving.
        case down
        /// Not at all.
        case excluded
    }

    private static let migrations: Set<String> = ["server_migrating", "server_migrating_to", "network_change"]

    private var migratingTime: Int128 {
        time.statuses.filter { Self.migrations.contains($0.status) }.reduce(0) { $0 + $1.total }
    }
    private var serving: Int128 { time.total(.serving) + (migrating == .up ? migratingTime : 0) }
    private var observed: Int128 { time.observed - (migrating == .excluded ? migratingTime : 0) }

    var json: JSON {
        // What was failed when it was first seen had failed before, nobody knows when.
        let seen = failures.filter { !$0.isFirstSight }
        return [
            "group": .text(time.group), "servers": .count(time.servers), "failures": .count(Int64(seen.count)),
            "asserted_failures": .count(Int64(seen.count(where: \.isAsserted))),
            "first_seen_failed": .count(Int64(failures.count - seen.count)),
            "time_to_restore": timeToRestore(seen), "mtbf": meanTimeBetweenFailures(Int64(seen.count)),
            "availability": observed == 0 ? .null : .number(Double(serving) / Double(observed)),
            "serving_s": .seconds(serving), "observed_s": .seconds(observed),
            "observed_share": time.whole == time.absent
                ? .null : .number(Double(time.observed) / Double(time.whole - time.absent)),
            "creations": outcomes,
        ]
    }

    private func timeToRestore(_ failures: [Queries.Metrics.FetchFailures]) -> JSON {
        let restored = failures.filter { $0.outcome == "restored" }.map(\.ageUs).sorted()
        let stays = KaplanMeier(
            failures.map { .init(entered: 0, left: $0.ageUs, isCompleted: $0.outcome == "restored") })
        let outcomes = ["restored", "gone"]
        let incidence = CumulativeIncidence(
            failures.map { failure in .init(age: failure.ageUs, outcome: failure.outcome.flatMap(outcomes.firstIndex))
            },
            outcomes: outcomes.count)
        let mean = restored.isEmpty ? nil : restored.reduce(0) { $0 + Double($1) } / Double(restored.count)
        return [
            "n": .count(Int64(failures.count)), "restored": .count(Int64(restored.count)),
            "restored_by_reset": .count(Int64(failures.count(where: \.isRestoredByReset))),
            "gone": .count(Int64(failures.count { $0.outcome == "gone" })),
            "open": .count(Int64(failures.count { $0.outcome == nil })),
            "mean_s": mean.map { .number($0 / 1e6) } ?? .null,
            "p50_s": .seconds(Percentile.of(restored, share: 0.5)), "max_s": .seconds(restored.last),
            "median_km_s": .seconds(stays.quantile(0.5)), "p90_km_s": .seconds(stays.quantile(0.9)),
            "incidence": failures.isEmpty
                ? .null : ["restored": .number(incidence.final[0]), "gone": .number(incidence.final[1])],
        ]
    }

    private func meanTimeBetweenFailures(_ failures: Int64) -> JSON {
        let estimate = MeanTimeBetweenFailures(
            total: Double(serving) / 1e6, failures: Int(failures), confidence: confidence)
        func number(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
        return [
            "estimate_s": number(estimate?.estimate), "lower_s": number(estimate?.lower),
            "upper_s": number(estimate?.upper),
        ]
    }

    /// What came of servers being created: a competition between serving, failing and going away.
    private var outcomes: JSON {
        let outcomes = ["serving", "failed", "absent"]
        let incidence = CumulativeIncidence(
            creations.map { creation in
                // Whatever else follows ends what is known of the creation, and is none of its outcomes.
                .init(age: creation.ageUs, outcome: creation.outcome.flatMap(outcomes.firstIndex))
            }, outcomes: outcomes.count)
        let serving = KaplanMeier(
            creations.map { .init(entered: 0, left: $0.ageUs, isCompleted: $0.outcome == "serving") })
        func count(_ outcome: String?) -> JSON { .count(Int64(creations.count { $0.outcome == outcome })) }
        return [
            "n": .count(Int64(creations.count)), "serving": count("serving"), "failed": count("failed"),
            "absent": count("absent"), "open": count(nil), "median_km_s": .seconds(serving.quantile(0.5)),
            "incidence": creations.isEmpty
                ? .null
                : [
                    "serving": .number(incidence.final[0]), "failed": .number(incidence.final[1]),
                    "absent": .number(incidence.final[2]),
                ],
        ]
    }
}
