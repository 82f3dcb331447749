import Postgres
import ShareServers

/// Sets of moments, as ranges.
enum Stretches {
    /// Disjoint ranges in order.
    static func union(_ ranges: [Range<Int64>]) -> [Range<Int64>] {
        var union: [Range<Int64>] = []
        for range in ranges.filter({ !$0.isEmpty }).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = union.last, range.lowerBound <= last.upperBound {
                union[union.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                union.append(range)
            }
        }
        return union
    }

    static func intersection(_ one: [Range<Int64>], _ other: [Range<Int64>]) -> [Range<Int64>] {
        union(one.flatMap { one in other.map { $0.clamped(to: one) } })
    }

    static func difference(_ ranges: [Range<Int64>], _ removed: [Range<Int64>]) -> [Range<Int64>] {
        removed.reduce(union(ranges)) { rest, hole in
            rest.flatMap { range in
                [
                    range.lowerBound..<max(range.lowerBound, min(range.upperBound, hole.lowerBound)),
                    min(range.upperBound, max(range.lowerBound, hole.upperBound))..<range.upperBound,
                ]
            }.filter { !$0.isEmpty }
        }
    }
}

extension FiguresFold {
    /// When each source was watching, of those that ever said so.
    ///
    /// A run lasts from a start, or from the first sign of life when there is no run, to the last sign of life before
    /// the next start; a stop ends it. What the source found to be a gap was not watched.
    static func watching(_ entries: [Entry]) -> [String: [Range<Int64>]] {
        let signs = entries.filter { $0.event.type == "org.dossier.source.coverage" }
        return Dictionary(grouping: signs, by: \.event.source).mapValues { signs in
            var runs: [Range<Int64>] = []
            var gaps: [Range<Int64>] = []
            var isRunning = false
            for sign in signs.sorted(by: { ($0.time, $0.position) < ($1.time, $1.position) }) {
                let state = sign.data["state"]?.string
                if state == "started" || !isRunning {
                    runs.append(sign.time..<sign.time)
                } else {
                    runs[runs.count - 1] = runs[runs.count - 1].lowerBound..<sign.time
                }
                isRunning = state != "stopped"
                if let from = moment(sign, "from"), let until = moment(sign, "until"), state == "gap" {
                    gaps.append(from..<until)
                }
            }
            return Stretches.difference(runs, gaps)
        }
    }

    private static func moment(_ sign: Entry, _ member: String) -> Int64? {
        sign.data[member]?.string.flatMap { Timestamp($0)?.microseconds }
    }
}
