import Postgres

/// A server's past, drawn from above to below: one line for each status it came to and each thing that happened to it.
///
/// ```
/// 2026-11-23 09:55:14.984  ● creating ── 12 m 04 s  ±2.1 s
/// 2026-11-23 09:58:01.120  │ delete by alice → 403  Share server is in state creating.
/// 2026-11-23 10:07:18.991  ● active ── 3 h 02 m so far
/// ```
struct Timeline: Sendable {
    /// A stay in one status.
    struct Visit: Sendable, Hashable {
        let status: String
        /// As the query API names classes.
        let statusClass: String
        let from: Timestamp
        /// Nil where it lasts.
        let until: Timestamp?
        /// The last moment at which the former status was still seen: the stay began after it.
        let notBefore: Timestamp?
        let entry: Place?
        /// Whether the server came or went with it, and no call names it that caused that.
        var isUnnamed = false
    }

    /// Anything but a stay.
    struct Occurrence: Sendable, Hashable {
        enum Kind: Sendable, Hashable {
            /// An API call; what it came to.
            case call(httpStatus: Int?)
            /// A call that was passed on, and nobody knows what came of it.
            case unanswered
            /// The server was seen in a status that it was in already.
            case sighting(status: String)
            /// None of the server's sources was watching.
            case gap
            /// The same back-end server under another id.
            case link
            case other
        }
        let at: Timestamp
        let kind: Kind
        let text: String
        /// Why a call failed, or other words that may be cut.
        let detail: String?
        let place: Place
    }

    /// Lane and position.
    struct Place: Sendable, Hashable, Comparable {
        let lane: Int
        let position: Int
        static func < (left: Place, right: Place) -> Bool {
            (left.lane, left.position) < (right.lane, right.position)
        }
    }

    let visits: [Visit]
    let occurrences: [Occurrence]
    /// What stays that last are measured up to.
    let now: Timestamp
    /// Columns of the terminal; nil: nothing is cut.
    let width: Int?
    let coloured: Bool

    private enum Item {
        case visit(Visit)
        case occurrence(Occurrence)
        /// How often one status was seen again, and when first and last.
        case sightings(status: String, count: Int, first: Timestamp, last: Timestamp)
    }

    /// The lines, each with a line feed.
    func lines() -> String {
        items().reduce(into: "") { $0 += line($1) + "\n" }
    }

    private func items() -> [Item] {
        let begun = Set(visits.compactMap(\.entry))
        var keyed: [(at: Timestamp, rank: Int, place: Place, item: Item)] = visits.map {
            ($0.from, 0, $0.entry ?? Place(lane: 0, position: -1), .visit($0))
        }
        for occurrence in occurrences where !begun.contains(occurrence.place) {
            keyed.append((occurrence.at, 1, occurrence.place, .occurrence(occurrence)))
        }
        // At one moment, what was appended first came first.
        keyed.sort { ($0.at, $0.place, $0.rank) < ($1.at, $1.place, $1.rank) }
        return Self.collapsed(keyed.map(\.item))
    }

    /// Sightings of one status in a row become one item.
    private static func collapsed(_ items: [Item]) -> [Item] {
        var collapsed: [Item] = []
        for item in items {
            guard case .occurrence(let occurrence) = item, case .sighting(let status) = occurrence.kind else {
                collapsed.append(item)
                continue
            }
            if case .sightings(status, let count, let first, _) = collapsed.last {
                collapsed[collapsed.count - 1] = .sightings(
                    status: status, count: count + 1, first: first, last: occurrence.at)
            } else {
                collapsed.append(.sightings(status: status, count: 1, first: occurrence.at, last: occurrence.at))
            }
        }
        return collapsed
    }

    private func line(_ item: Item) -> String {
        switch item {
        case .visit(let visit): visitLine(visit)
        case .occurrence(let occurrence): occurrenceLine(occurrence)
        case .sightings(let status, let count, let first, let last):
            compose(
                first, ("│", .faint),
                [
                    (
                        "seen \(status)" + (count > 1 ? " \(count) times, last at \(last.toMillisecond)" : " again"),
                        .faint
                    )
                ])
        }
    }

    private func visitLine(_ visit: Visit) -> String {
        let style = Style(statusClass: visit.statusClass)
        var parts: [(String, Style)] = [(visit.status, style)]
        let length = Span(microseconds: (visit.until ?? now).microseconds - visit.from.microseconds)
        let lasts = visit.until == nil
        if visit.statusClass == "absent" {
            if !lasts { parts.append((" ── \(length)", .faint)) }
        } else {
            parts.append((" ── \(length)\(lasts ? " so far" : "")", .plain))
        }
        if let notBefore = visit.notBefore, notBefore < visit.from {
            let width = Span(microseconds: visit.from.microseconds - notBefore.microseconds)
            parts.append(("  ±\(width)", .faint))
        }
        if visit.isUnnamed { parts.append(("  no call names it", .faint)) }
        return compose(visit.from, (visit.statusClass == "absent" ? "○" : "●", style), parts)
    }

    private func occurrenceLine(_ occurrence: Occurrence) -> String {
        var failed = false
        if case .call(let status) = occurrence.kind, let status { failed = status >= 400 }
        let isBad = failed || occurrence.kind == .unanswered
        var parts: [(String, Style)] = [(occurrence.text, isBad ? .bad : .plain)]
        if let detail = occurrence.detail, !detail.isEmpty { parts.append(("  \(detail)", .faint)) }
        let mark =
            switch occurrence.kind {
            case _ where failed: "✗"
            case .unanswered: "?"
            case .gap: "┆"
            case .link: "⇢"
            default: "│"
            }
        return compose(occurrence.at, (mark, isBad ? .bad : .faint), parts)
    }

    private func compose(_ at: Timestamp, _ gutter: (String, Style), _ parts: [(String, Style)]) -> String {
        let time = at.toMillisecond
        var line = Style.faint.paint(time, coloured) + "  " + gutter.1.paint(gutter.0, coloured) + " "
        var room = width.map { max($0 - time.columns - 4, 10) } ?? .max
        for (text, style) in parts {
            let text = text.escapedForTerminal.clipped(to: room)
            line += style.paint(text, coloured)
            room -= text.columns
        }
        return line
    }
}
