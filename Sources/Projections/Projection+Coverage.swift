import EventLog
import Postgres
import Queries

extension Projection {
    /// When each source was watching (`coverage`), and which sources told of a server (`server_sources`).
    public static let coverage = Projection(
        name: "coverage", version: 1, tables: ["coverage", "server_sources"],
        apply: { lane, range, connection throws(PostgresError) in
            let (lane, from, until) = (lane.number, range.lowerBound, range.upperBound)
            try connection.execute(Queries.Projections.rewindCoverage(lane: lane, from: from, until: until))
            try connection.execute(Queries.Projections.applyCoverage(lane: lane, from: from, until: until))
            try connection.execute(Queries.Projections.applyGaps(lane: lane, from: from, until: until))
            try connection.execute(Queries.Projections.applyServerSources(lane: lane, from: from, until: until))
        })
}
