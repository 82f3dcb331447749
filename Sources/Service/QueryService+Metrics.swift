import Hummingbird
import Ingest
import Postgres
import Projections
import Queries

extension QueryService {
    /// `GET /metrics`: 200 with figures for Prometheus, of the log, the projections and the sources.
    @Sendable func metrics(_ request: Request, _ context: Context) async throws -> Response {
        _ = try QueryParameters(request, known: [])
        let (positions, signs) = try await read { connection in
            (
                try connection.fetchAll(
                    Queries.Projections.fetchPositions(projections: Projection.all.map(\.name))),
                try connection.fetchAll(Queries.Coverage.fetchSigns())
            )
        }
        return Response(
            bytes: Array(Self.exposition(positions, signs, now: .now).utf8), contentType: Exposition.contentType)
    }

    private static func exposition(
        _ positions: [Queries.Projections.FetchPositions], _ signs: [Queries.Coverage.FetchSigns], now: Timestamp
    ) -> String {
        var exposition = Exposition()
        let lanes = Dictionary(grouping: positions, by: \.lane).values.compactMap(\.first)
        exposition.add(
            "dossier_log_entries_total", .counter, "Entries in the log.",
            lanes.sorted { $0.lane < $1.lane }.map { .init($0.size, [("lane", "\($0.lane)")]) })
        func add(_ name: String, _ help: String, _ value: (Queries.Projections.FetchPositions) -> Double) {
            exposition.add(
                name, .gauge, help,
                positions.map { .init(value($0), [("projection", $0.projection), ("lane", "\($0.lane)")]) })
        }
        add("dossier_projection_position", "Entries that the projection has applied.") { Double($0.position) }
        add("dossier_projection_lag_positions", "Entries that the projection has not applied.") {
            Double(max(0, $0.size - $0.position))
        }
        add("dossier_projection_lag_seconds", "How long the first entry that was not applied has waited.") { row in
            guard row.position < row.size, let recorded = row.nextRecordedAt else { return 0 }
            return Double(max(0, now.microseconds - recorded.microseconds)) / 1e6
        }
        exposition.add(
            "dossier_source_seen_timestamp_seconds", .gauge,
            "The last sign of life of a source that says when it watches.",
            signs.map { .init(Double($0.untilAt.microseconds) / 1e6, [("source", $0.source)]) })
        exposition.add(
            "dossier_source_watching", .gauge, "0 where the source said that it stopped, 1 where it did not.",
            signs.map { .init($0.hasStopped ? 0 : 1, [("source", $0.source)]) })
        return exposition.text
    }
}
