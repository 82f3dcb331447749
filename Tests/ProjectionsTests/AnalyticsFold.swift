import EventLog
import FoundationEssentials
import Postgres
import ShareServers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What entries say of errors, calls and coverage, read one by one as the design puts it, without any SQL.
///
/// Rows are texts, fields between bars, so that they can be held against what a query makes of the tables.
struct AnalyticsFold {
    var episodes: [String] = []
    var calls: [String] = []
    var coverage: [String] = []
    var sources: Set<String> = []

    init(_ told: [Told]) {
        for (server, entries) in Dictionary(grouping: told.filter { $0.server != nil }, by: { $0.server! }) {
            addEpisodes(of: server, entries)
            for sighting in entries where sighting.isStatus {
                sources.insert("\(sighting.position.lane)|\(server.uuidString.lowercased())|\(sighting.source)")
            }
        }
        addCalls(told)
        let signs = told.filter { $0.type == "org.dossier.source.coverage" }
        struct Key: Hashable { var lane: Lane, source: String }
        for (key, signs) in Dictionary(grouping: signs, by: { Key(lane: $0.position.lane, source: $0.source) }) {
            addRuns(of: "\(key.lane)|\(key.source)", signs)
        }
        episodes.sort()
        calls.sort()
        coverage.sort()
    }

    static func text(_ value: (some Any)?) -> String { value.map { "\($0)" } ?? "-" }

    private static func isFailed(_ status: String) -> Bool { status == "error" || status.hasSuffix("_error") }

    // MARK: - Errors

    private mutating func addEpisodes(of server: UUID, _ entries: [Told]) {
        let fold = Fold(entries)
        let operations = Dictionary(entries.map { ($0.id, $0.data["operation"]?.string) }, uniquingKeysWith: { $1 })
        var former: Fold.Visit?
        var open: (first: Fold.Visit, former: String?, visits: Int)?
        func row(endedBy next: Fold.Visit?) -> String {
            guard let open else { return "" }
            let remedy = next?.cause.flatMap { operations[$0] ?? nil }
            let resolution: String? =
                switch remedy {
                case _ where next == nil: nil
                case nil: "itself"
                case "reset_status": "reset"
                case "delete", "unmanage": remedy
                default: "retry"
                }
            let cause = open.first.cause.flatMap { operations[$0] ?? nil }
            return [
                server.uuidString.lowercased(), open.first.entry, open.first.from.description, open.first.status,
                Self.text(open.former), "\(open.visits)", Self.text(open.first.cause), "\(cause == "reset_status")",
                Self.text(next?.from), Self.text(next?.entry), Self.text(next?.status), Self.text(next?.cause),
                Self.text(resolution), Self.text(open.first.host), Self.text(open.first.projectID),
                Self.text(open.first.shareNetworkID), Self.text(open.first.notBefore),
            ].joined(separator: "|")
        }
        for visit in fold.visits {
            if Self.isFailed(visit.status) {
                open = open.map { ($0.first, $0.former, $0.visits + 1) } ?? (visit, former?.status, 1)
            } else if open != nil {
                episodes.append(row(endedBy: visit))
                open = nil
            }
            former = visit
        }
        if open != nil { episodes.append(row(endedBy: nil)) }
    }

    // MARK: - Calls

    private mutating func addCalls(_ told: [Told]) {
        var sums: [String: (calls: Int, microseconds: Int64)] = [:]
        let sightings = Dictionary(grouping: told.filter { $0.isStatus && $0.server != nil }, by: { $0.server! })
        for call in Self.counted(told) {
            let seen = call.server.flatMap { sightings[$0] } ?? []
            let host = seen.filter { $0.data["host"]?.string != nil && $0.order <= call.order }
                .max { $0.order < $1.order }?.data["host"]?.string
            let named = call.data["request"]?["share_server"]?["host"]?.string
            let actor = call.data["actor"]
            var bucket = -32768
            var microseconds: Int64 = 0
            if let duration = call.data["duration_ms"]?.number {
                bucket = Int((log(min(max(duration, 0.001), 1e9)) / log(1.01 / 0.99)).rounded(.up))
                microseconds = Int64((min(duration, 1e9) * 1000).rounded(.toNearestOrEven))
            }
            let hour = call.time.microseconds - call.time.microseconds % 3_600_000_000
            let key = [
                "\(call.position.lane)", Timestamp(microseconds: hour).description, "\(bucket)",
                call.data["operation"]?.string ?? "", "\((call.httpStatus ?? 0) / 100)", host ?? named ?? "",
                actor?["project_id"]?.string ?? "", actor?["user_id"]?.string ?? "",
            ].joined(separator: "|")
            sums[key, default: (0, 0)].calls += 1
            sums[key, default: (0, 0)].microseconds += microseconds
        }
        calls = sums.map { "\($0.key)|\($0.value.calls)|\($0.value.microseconds)" }
    }

    /// One telling of each call: of those with one request id, sent to one target, the n-th of each source and kind.
    static func counted(_ told: [Told]) -> [Told] {
        struct Call: Hashable { var lane: Lane, request: String, target: String }
        struct Teller: Hashable { var source: String, outcome: String }
        let calls = told.filter(\.isCall)
        var counted = calls.filter { $0.data["request_id"]?.string == nil }
        let shared = Dictionary(grouping: calls.filter { $0.data["request_id"]?.string != nil }) {
            Call(lane: $0.position.lane, request: $0.data["request_id"]?.string ?? "", target: $0.target)
        }
        for tellings in shared.values {
            var slots: [[Told]] = []
            for own in Dictionary(grouping: tellings, by: { Teller(source: $0.source, outcome: $0.outcome) }).values {
                for (number, telling) in own.sorted(by: { ($0.time, $0.id) < ($1.time, $1.id) }).enumerated() {
                    if slots.count == number { slots.append([]) }
                    slots[number].append(telling)
                }
            }
            func rank(_ told: Told) -> (Int, Int, String, Timestamp, String) {
                (told.httpStatus == nil ? 1 : 0, told.outcome.isEmpty ? 0 : 1, told.source, told.time, told.id)
            }
            counted += slots.compactMap { slot in slot.min { rank($0) < rank($1) } }
        }
        return counted
    }

    // MARK: - Coverage

    private mutating func addRuns(of source: String, _ signs: [Told]) {
        var run: (from: Told, until: Told)?
        func end() {
            guard let run else { return }
            let hasStopped = run.until.data["state"]?.string == "stopped"
            coverage.append(
                "\(source)|watching|\(run.from.id)|\(run.from.time)|\(run.until.id)|\(run.until.time)|\(hasStopped)")
        }
        for sign in signs.sorted(by: { $0.order < $1.order }) {
            let state = sign.data["state"]?.string ?? ""
            guard ["started", "alive", "stopped", "gap"].contains(state) else { continue }
            if state == "gap", let from = sign.data["from"]?.string.flatMap({ Timestamp($0) }),
                let until = sign.data["until"]?.string.flatMap({ Timestamp($0) })
            {
                coverage.append("\(source)|gap|\(sign.id)|\(from)|\(sign.id)|\(until)|false")
            }
            if let last = run, state != "started", last.until.data["state"]?.string != "stopped" {
                run = (last.from, sign)
            } else {
                end()
                run = (sign, sign)
            }
        }
        end()
    }
}

extension Told {
    /// What an audit took a call for; empty for those who carried it.
    fileprivate var outcome: String { data["outcome"]?.string ?? "" }

    /// Whether a call read, deleted or else, and the path from its version on; what it is where it names no path.
    fileprivate var target: String {
        let method = data["method"]?.string ?? ""
        let verb = ["GET": "read", "HEAD": "read", "DELETE": "delete"][method] ?? "else"
        guard let path = data["path"]?.string, let version = path.firstRange(of: "/v2/") else {
            return "\(verb) \(data["operation"]?.string ?? "") \(server?.uuidString ?? "")"
        }
        var target = String(path[version.lowerBound...].prefix { $0 != "?" })
        while target.hasSuffix("/") { target.removeLast() }
        return "\(verb) \(target)"
    }

    /// The order that counts.
    var order: Order { Order(time: time, position: position) }

    struct Order: Comparable {
        let time: Timestamp
        let position: Position
        static func < (one: Order, other: Order) -> Bool {
            (one.time, one.position) < (other.time, other.position)
        }
    }
}
