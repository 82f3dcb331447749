import ArgumentParser
import Postgres
import ShareServers

struct History: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw the timeline of one share server: states, calls, errors.",
        discussion: """
            ● a status it came to and how long it stayed, ○ gone, ✗ a call that failed, ? a call of which nobody knows what \
            came, ┆ nobody was watching, ⇢ the same back-end server under another id, │ anything else. ± says by how much earlier the status may have \
            begun: nobody looked in between. Times are UTC. Calls that only read, and were answered well, are left out \
            unless --reads is given.
            """)

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var known: KnownAtOptions

    @Argument(help: "The server's UUID.")
    var id: String

    @Option(help: ArgumentHelp("From this moment on.", valueName: "time"), transform: TimeArgument.parse)
    var from: Timestamp?

    @Option(help: ArgumentHelp("Before this moment.", valueName: "time"), transform: TimeArgument.parse)
    var until: Timestamp?

    @Flag(help: "Calls that only read, too.")
    var reads = false

    @Option(help: "How many events at most: a number, or all.")
    var limit = Limit(count: 1000)

    func run() async throws {
        let query: [(name: String, value: String?)] =
            [
                ("from", from?.description), ("until", until?.description), ("reads", reads ? "true" : nil),
            ] + known.query
        let (past, hasMore) = try await APIClient.with(api) { client in
            var past = Past()
            let hasMore = try await client.pages(
                "/v1/servers/\(APIClient.escaped(id))/history", query, items: "timeline", limit: limit.count
            ) { page, items, _ in past.add(page, items) }
            return (past, hasMore)
        }
        let known = hasMore ? past.upToLastEvent : past
        switch output.output {
        case .json: try await Output.standard.write(known.json.indented + "\n")
        case .csv: try await Output.standard.write(known.csv)
        case .table:
            try await Output.standard.write(
                known.timeline(width: Terminal.standardOutput.width, coloured: output.isColoured).lines())
            if hasMore {
                try await Output.diagnostics.write("There is more: --limit all, or --from and --until.\n")
            }
        }
    }
}

/// What the pages of a history say, put together.
struct Past: Sendable {
    private var answer: [String: JSON] = [:]
    var visits: [JSON] = []
    var events: [JSON] = []
    private var gaps: [JSON] = []

    mutating func add(_ page: JSON, _ items: [JSON]) {
        if case .object(let members) = page { answer.merge(members) { _, new in new } }
        visits += page.elements("visits")
        gaps += page.elements("gaps")
        events += items
    }

    /// Without the visits that began after the last event that was fetched.
    var upToLastEvent: Past {
        guard let last = events.last?.moment("at") else { return self }
        var past = self
        past.visits.removeAll { ($0.moment("from") ?? last) > last }
        past.gaps.removeAll { ($0.moment("from") ?? last) > last }
        return past
    }

    var json: JSON {
        .object(answer.merging(["visits": .array(visits), "timeline": .array(events)]) { _, new in new })
    }

    func timeline(width: Int?, coloured: Bool) -> Timeline {
        let now = JSON.object(answer).moment("as_of", "time") ?? .now
        return Timeline(
            visits: visits.compactMap { Timeline.Visit($0, isUnnamed: isUnnamed($0)) },
            occurrences: links + gaps.compactMap { Timeline.Occurrence(gap: $0, now: now) }
                + events.compactMap(Timeline.Occurrence.init),
            now: now, width: width, coloured: coloured)
    }

    /// Whether the server came or went with this visit, and no call names it that caused that.
    private func isUnnamed(_ visit: JSON) -> Bool {
        ["appeared", "went"].contains { name in
            guard let end = answer[name], end.text("at") == visit.text("from") else { return false }
            return end.member("cause") == nil
        }
    }

    /// The servers that this one was before and after.
    private var links: [Timeline.Occurrence] {
        let chain = JSON.object(answer).elements("chain")
        guard let own = chain.firstIndex(where: { $0.text("id") == answer["server_id"]?.plain }) else { return [] }
        return chain.indices.compactMap { index in
            let link = chain[index]
            guard index != own, let id = link.text("id"), let at = link.moment(index < own ? "gone" : "first_seen")
            else { return nil }
            let text = index < own ? "was \(id) until then" : "managed again as \(id)"
            return .init(at: at, kind: .link, text: text, detail: nil, place: .init(lane: 0, position: -1))
        }
    }

    /// Visits and events as records of one shape, in the order of time.
    var csv: String {
        let header = [
            "at", "kind", "status", "class", "until", "duration_s", "not_before", "operation", "actor", "http_status",
            "fault", "request_id", "lane", "position",
        ]
        var records: [(at: String, record: String)] = visits.map { visit in
            (
                visit.text("from") ?? "",
                CSV.record([
                    visit.text("from"), "visit", visit.text("status"), visit.text("class"), visit.text("until"),
                    visit.text("duration_s"), visit.text("not_before"), nil, nil, nil, nil, nil,
                    visit.text("entry", "lane"), visit.text("entry", "position"),
                ])
            )
        }
        for gap in gaps {
            let (from, until) = (gap.text("from"), gap.text("until"))
            let record = [from, "gap", nil, nil, until] + [String?](repeating: nil, count: header.count - 5)
            records.append((from ?? "", CSV.record(record)))
        }
        for event in events {
            let data = event.member("event", "data") ?? .null
            records.append(
                (
                    event.text("at") ?? "",
                    CSV.record([
                        event.text("at"), event.text("kind"), data.text("status"), nil, nil, nil,
                        data.text("not_before"), data.text("operation"), event.caller, data.text("http_status"),
                        data.faultMessage, data.text("request_id"), event.text("lane"), event.text("position"),
                    ])
                ))
        }
        // Stable: a visit stands before the event that began it.
        let order = records.indices.sorted { (records[$0].at, $0) < (records[$1].at, $1) }
        return CSV.record(header) + order.map { records[$0].record }.joined()
    }
}

extension Timeline.Place {
    init?(_ json: JSON?) {
        guard let lane = json?.integer("lane"), let position = json?.integer("position") else { return nil }
        self.init(lane: lane, position: position)
    }
}

extension Timeline.Visit {
    init?(_ json: JSON, isUnnamed: Bool) {
        guard let status = json.text("status"), let from = json.moment("from") else { return nil }
        self.init(
            status: status, statusClass: json.text("class") ?? "other", from: from, until: json.moment("until"),
            notBefore: json.moment("not_before"), entry: Timeline.Place(json.member("entry")), isUnnamed: isUnnamed)
    }
}

extension Timeline.Occurrence {
    init?(gap: JSON, now: Timestamp) {
        guard let from = gap.moment("from") else { return nil }
        let until = gap.moment("until")
        let length = Span(microseconds: (until ?? now).microseconds - from.microseconds)
        self.init(
            at: from, kind: .gap, text: "nobody was watching ── \(length)\(until == nil ? " so far" : "")", detail: nil,
            place: .init(lane: 0, position: -1))
    }

    init?(_ json: JSON) {
        guard let at = json.moment("at"), let place = Timeline.Place(json), let event = json.member("event") else {
            return nil
        }
        let data = event.member("data") ?? .null
        switch json.text("kind") {
        case "call":
            let (status, outcome) = (data.integer("http_status"), data.text("outcome"))
            let detail = data.faultMessage ?? data.text("request_id")
            let sources = json.elements("told_again").compactMap { $0.text("source") }
            let told = sources.isEmpty ? nil : "told by \(sources.joined(separator: ", ")) too"
            self.init(
                at: at, kind: outcome == "unknown" ? .unanswered : .call(httpStatus: status),
                text: JSON.phrase(
                    operation: data.text("operation") ?? "call", actor: json.caller, httpStatus: status,
                    outcome: outcome),
                detail: [detail, told].compactMap { $0 }.joined(separator: "  "), place: place)
        case "status":
            if let status = data.text("status") {
                self.init(
                    at: at, kind: .sighting(status: status), text: "seen \(status)", detail: nil, place: place)
            } else {
                self.init(
                    at: at, kind: .other, text: "seen", detail: data.text("task_state").map { "task state \($0)" },
                    place: place)
            }
        case "backend_details":
            var names: [String] = []
            if case .object(let details)? = data.member("details") { names = details.keys.sorted() }
            self.init(
                at: at, kind: .other, text: "back-end details", detail: names.joined(separator: ", "), place: place)
        default:
            self.init(at: at, kind: .other, text: event.shortType, detail: nil, place: place)
        }
    }
}
