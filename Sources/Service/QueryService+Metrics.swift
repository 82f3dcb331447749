import EventLog
import Hummingbird
import Ingest
import Postgres
import Projections
import Queries

extension QueryService {
    /// `GET /metrics`: 200 with figures for Prometheus, of the log, the projections, the sources and pushes; while the
    /// database is away, of what this process knows by itself.
    @Sendable func metrics(_ request: Request, _ context: Context) async throws -> Response {
        _ = try QueryParameters(request, known: [])
        var text = ""
        var isUp = true
        do {
            let (positions, signs, newest) = try await read(context) { connection in
                (
                    try connection.fetchAll(
                        Queries.Projections.fetchPositions(projections: Projection.all.map(\.name))),
                    try connection.fetchAll(Queries.Coverage.fetchSigns()),
                    try connection.fetchAll(Queries.Checkpoints.fetchNewestSizes())
                )
            }
            text = Self.exposition(positions, signs, now: .now) + checkpointFigures(newest)
        } catch let error where Problem(error).status == .serviceUnavailable {
            isUp = false
        }
        var exposition = Exposition()
        exposition.add("dossier_database_up", .gauge, "1 where the database answers.", [.init(isUp ? 1 : 0)])
        text += exposition.text + (await pushes.metrics())
        if let admission { text += await admission.metrics() }
        if let recording { text += await recording.metrics() }
        return Response(bytes: Array(text.utf8), contentType: Exposition.contentType)
    }

    /// How far what is signed goes, and whether anything keeps this process from signing on.
    private func checkpointFigures(_ newest: [Queries.Checkpoints.FetchNewestSizes]) -> String {
        var exposition = Exposition()
        exposition.add(
            "dossier_checkpoint_entries", .gauge, "Entries that the newest checkpoint covers.",
            newest.map { .init($0.size, [("lane", "\($0.lane)")]) })
        exposition.add(
            "dossier_checkpoint_timestamp_seconds", .gauge, "When the newest checkpoint was signed.",
            newest.map { .init(Double($0.madeAt.microseconds) / 1e6, [("lane", "\($0.lane)")]) })
        guard let checkpointing else { return exposition.text }
        let refused = Set(checkpointing.refusals.map(\.lane.number))
        exposition.add(
            "dossier_checkpoint_refused", .gauge,
            "1 where the lane is not what was signed of it, and is not signed for.",
            (0..<log.lanes).map { .init(refused.contains($0) ? 1 : 0, [("lane", "\($0)")]) })
        exposition.add(
            "dossier_witness_away", .gauge, "Witnesses that did not cosign when they were asked last.",
            checkpointing.absentWitnesses.keys.sorted().map { .init(1, [("witness", $0)]) })
        return exposition.text
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
