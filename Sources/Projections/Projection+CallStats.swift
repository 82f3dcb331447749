import EventLog
import Postgres
import Queries

extension Projection {
    /// How many calls there were in each hour, each counted once whoever told it, by operation, class of HTTP status, host,
    /// project and actor, and how long they took, as a histogram whose buckets can be added up (`call_stats`).
    public static let callStats = Projection(
        name: "call_stats", version: 2, tables: ["call_stats", "server_calls"],
        apply: { lane, range, connection throws(PostgresError) in
            let (lane, from, until) = (lane.number, range.lowerBound, range.upperBound)
            try connection.execute(Queries.Projections.applyCallStats(lane: lane, from: from, until: until))
            try connection.execute(Queries.Projections.removeEmptyCallStats(lane: lane))
        })
}
