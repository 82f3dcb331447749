import EventLog
import Postgres
import Queries

extension Projection {
    /// What every server is now (`servers`), which status it was in from when until when (`status_intervals`), and when it
    /// had failed, and what ended that (`error_episodes`).
    ///
    /// One projection, because a visit that has not ended is kept in `servers` and moves to `status_intervals` when it
    /// ends, and because episodes are made of both.
    public static let servers = Projection(
        name: "servers", version: 2, tables: ["servers", "status_intervals", "error_episodes"],
        apply: { lane, range, connection throws(PostgresError) in
            let (lane, from, until) = (lane.number, range.lowerBound, range.upperBound)
            try connection.execute(Queries.Projections.rewindServers(lane: lane, from: from, until: until))
            try connection.execute(Queries.Projections.applyStatusEvents(lane: lane, from: from, until: until))
            try connection.execute(Queries.Projections.applyCalls(lane: lane, from: from, until: until))
            try connection.execute(Queries.Projections.applyErrorEpisodes(lane: lane, from: from, until: until))
        })
}
