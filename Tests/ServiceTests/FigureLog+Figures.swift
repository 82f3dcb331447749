import Postgres
import ShareServers
import Testing

/// Answers held against the fold.
extension FigureLog {
    /// In what the answer to a question differs from what the fold says, and from its own sums.
    func timeInStateDifferences(
        _ question: FiguresFold.Question, _ fold: FiguresFold, more: String = ""
    ) async throws -> [String] {
        let uri = "/v1/metrics/time-in-state?\(question.parameters)\(more)"
        let groups = try await service.pages(uri + "&limit=7", of: "groups").flatMap { $0 }
        var differences = Differences()
        let expected = fold.timeInState(question)
        differences.expect("groups", Self.names(groups), Self.names(expected))
        let length = question.window.upperBound - question.window.lowerBound
        for group in groups {
            let name = Self.name(group["group"]?.string)
            let figures = expected[group["group"]?.string] ?? .init()
            let window = length * Int64(figures.servers)
            differences.expect("\(name) servers", group["servers"]?.int, figures.servers)
            differences.expect("\(name) window", group["window_s"]?.microseconds, window)
            differences.expect("\(name) unobserved", group["unobserved_s"]?.microseconds, figures.unobserved)
            differences.expect(
                "\(name) absent", group["absent_s"]?.microseconds, window - figures.known - figures.unobserved)
            let present = Double(figures.known + figures.unobserved)
            differences.expect(
                "\(name) observed share", group["observed_share"]?.number,
                near: present > 0 ? Double(figures.known) / present : nil, within: 1e-9)
            let statuses = group["statuses"]?.array ?? []
            differences.expect(
                "\(name) statuses", statuses.compactMap { $0["status"]?.string }.sorted(),
                figures.statuses.keys.sorted())
            for status in statuses {
                let time = figures.statuses[status["status"]?.string ?? ""] ?? .init()
                Self.compare(status, time, "\(name) \(status["status"]?.string ?? "-")", present, &differences)
            }
            let total = statuses.reduce(0) { $0 + ($1["total_s"]?.microseconds ?? 0) }
            let rest = (group["unobserved_s"]?.microseconds ?? 0) + (group["absent_s"]?.microseconds ?? 0)
            differences.expect("\(name) sum", total + rest, group["window_s"]?.microseconds)
        }
        return differences.found
    }

    private static func compare(
        _ answer: JSON, _ time: FiguresFold.StatusTime, _ name: String, _ present: Double,
        _ differences: inout Differences
    ) {
        differences.expect("\(name) total", answer["total_s"]?.microseconds, time.total)
        differences.expect(
            "\(name) share", answer["share"]?.number, near: present > 0 ? Double(time.total) / present : nil,
            within: 1e-9)
        differences.expect("\(name) begun", answer["begun"]?.int, time.begun)
        differences.expect("\(name) completed", answer["completed"]?.int, time.completed.count)
        differences.expect("\(name) censored", answer["censored"]?.int, time.censored)
        for (member, expected) in [
            ("mean_s", time.mean), ("p50_s", time.percentile(0.5)), ("p95_s", time.percentile(0.95)),
        ] {
            // To the microsecond that they may be rounded to.
            differences.expect(
                "\(name) \(member)", answer[member]?.number, near: expected.map { $0 / 1e6 }, within: 1e-6)
        }
        differences.expect("\(name) max", answer["max_s"]?.microseconds, time.completed.last)
        differences.expect("\(name) median", answer["median_km_s"]?.microseconds, time.median)
        differences.expect("\(name) uncertainty", answer["uncertainty_max_s"]?.microseconds, time.uncertainty)
    }

    /// In what the error episodes of a window differ.
    func episodeDifferences(_ window: Range<Int64>, _ fold: FiguresFold) async throws -> [String] {
        let uri =
            "/v1/errors?kind=episode&from=\(Timestamp(microseconds: window.lowerBound))"
            + "&until=\(Timestamp(microseconds: window.upperBound))"
        let episodes = try await service.pages(uri + "&limit=7", of: "errors").flatMap { $0 }
        let answered = episodes.map { episode in
            Self.text([
                episode["server_id"], episode["at"], episode["until"], episode["status"], episode["former_status"],
                episode["until_status"], episode["resolution"], episode["is_asserted"], episode["visits"],
                episode["recurrence"], episode["duration_s"],
            ])
        }
        func moment(_ microseconds: Int64?) -> JSON {
            microseconds.map { .string(Timestamp(microseconds: $0).description) } ?? .null
        }
        func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
        let expected = fold.episodes(overlapping: window).map { episode in
            Self.text([
                .string(episode.server), moment(episode.from), moment(episode.until), .string(episode.status),
                text(episode.formerStatus), text(episode.untilStatus), text(episode.resolution),
                .bool(episode.isAsserted), .number(Double(episode.visits)), .number(Double(episode.recurrence)),
                episode.until.map { .number(Double($0 - episode.from) / 1e6) } ?? .null,
            ])
        }
        var differences = Differences()
        for difference in answered.sorted().difference(from: expected.sorted()) {
            switch difference {
            case .insert(_, let episode, _): differences.add("unexpected: \(episode)")
            case .remove(_, let episode, _): differences.add("missing: \(episode)")
            }
        }
        let times = episodes.compactMap { $0["at"]?.moment }
        differences.expect("order", times, times.sorted())
        return differences.found
    }

    /// In what the steps of a window differ.
    func capacityDifferences(
        _ question: FiguresFold.Question, step: Int64, _ fold: FiguresFold
    ) async throws -> [String] {
        let uri = "/v1/metrics/capacity?\(question.parameters)&step=\(step / 1_000_000)s"
        let answer = try await service.good(uri)
        var differences = Differences()
        differences.expect("step", answer["step_s"]?.microseconds, step)
        let rows = Dictionary(grouping: answer["steps"]?.array ?? [], by: { $0["from"]?.moment })
        var from = question.window.lowerBound
        while from < question.window.upperBound {
            var one = question
            one.window = from..<min(from + step, question.window.upperBound)
            Self.compare(rows[from] ?? [], fold.capacity(one), one.window, &differences)
            from += step
        }
        return differences.found
    }

    private static func compare(
        _ rows: [JSON], _ expected: [String?: FiguresFold.Capacity], _ window: Range<Int64>,
        _ differences: inout Differences
    ) {
        let length = Double(window.upperBound - window.lowerBound)
        for row in rows { differences.expect("until", row["until"]?.moment, window.upperBound) }
        let answered = Dictionary(grouping: rows, by: { $0["group"]?.string }).mapValues { $0[0] }
        differences.expect("rows", answered.count, rows.count)
        for group in Set(answered.keys).union(expected.keys) {
            let name = "\(Timestamp(microseconds: window.lowerBound)) \(Self.name(group))"
            let (row, figures) = (answered[group] ?? .null, expected[group] ?? .init())
            differences.expect("\(name) created", row["created"]?.int ?? 0, figures.created)
            differences.expect("\(name) removed", row["removed"]?.int ?? 0, figures.removed)
            let classes = row["classes"]?.object ?? [:]
            for key in Set(classes.keys).union(figures.classes.keys) {
                let time = figures.classes[key] ?? .init()
                differences.expect("\(name) \(key) peak", classes[key]?["peak"]?.int ?? 0, time.peak)
                differences.expect(
                    "\(name) \(key) hours", classes[key]?["server_hours"]?.number ?? 0,
                    near: Double(time.total) / 3.6e9, within: 1e-9)
                differences.expect(
                    "\(name) \(key) mean", classes[key]?["mean"]?.number ?? 0, near: Double(time.total) / length,
                    within: 1e-9)
            }
        }
    }

    // MARK: - Names

    private static func name(_ group: String?) -> String { group ?? "(none)" }
    private static func names(_ groups: [JSON]) -> [String] { groups.map { name($0["group"]?.string) }.sorted() }
    private static func names(_ groups: [String?: FiguresFold.TimeInState]) -> [String] {
        groups.keys.map(name).sorted()
    }
    private static func text(_ values: [JSON?]) -> String {
        String(decoding: JSON.array(values.map { $0 ?? .null }).canonical(), as: UTF8.self)
    }
}
