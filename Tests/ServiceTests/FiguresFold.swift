import EventLog
import FoundationEssentials
import Postgres
import ShareServers

/// The figures of a list of entries, worked out one server at a time as the design puts them, without any SQL.
///
/// It is what answers are held against. Slow and plain: whole microseconds, half-open ranges of them, and one pass over
/// everything for every figure.
struct FiguresFold {
    /// Servers that were seen in a status at least once.
    let lives: [Life]

    /// An entry of the log: out of the event alone, and not out of the columns beside its body.
    struct Entry {
        let event: Event
        let position: Position
        let data: [String: JSON]

        init(_ event: Event, at position: Position) throws {
            self.event = event
            self.position = position
            data = try JSON(parsing: event.canonical)["data"]?.object ?? [:]
        }

        var time: Int64 { event.time.microseconds }
        var isStatus: Bool { event.type == "org.openstack.manila.share_server.status" }

        /// The operation, where it is a call that Manila accepted and that changes a server.
        var acceptedChange: String? {
            guard event.type == "org.openstack.manila.share_server.call", let operation = data["operation"]?.string,
                [
                    "delete", "manage", "unmanage", "reset_status", "reset_task_state", "migration_start",
                    "migration_complete", "migration_cancel",
                ].contains(operation), (200...299).contains(data["http_status"]?.int ?? 0)
            else { return nil }
            return operation
        }
    }

    /// - Parameter entries: In any order.
    init(_ entries: [Entry]) {
        let watching = Self.watching(entries)
        let servers = Dictionary(grouping: entries.filter { $0.event.serverID != nil }, by: { $0.event.serverID! })
        lives = servers.sorted { $0.key.uuidString < $1.key.uuidString }.compactMap { server, entries in
            Life(server, entries, watching)
        }
    }
}

// MARK: - Lives

extension FiguresFold {
    /// By what servers are told apart.
    struct Place: Hashable {
        var host: String?
        var project: String?
        var network: String?
    }

    /// A stay in one status.
    struct Visit {
        let status: String
        let from: Int64
        /// Nil while it lasts.
        var until: Int64?
        let notBefore: Int64?
        /// The call that caused it.
        let cause: String?
        /// Where the server was when the visit ended, or is now.
        var place = Place()

        /// All of it, to the end of time where it lasts.
        var range: Range<Int64> { from..<(until ?? .max) }
    }

    /// What is known of one server from its first sighting on.
    struct Life {
        let server: UUID
        private(set) var visits: [Visit] = []
        /// When Manila says that it was created.
        private(set) var createdAt: Int64?
        /// When a source that tells of it was watching.
        let observed: [Range<Int64>]

        /// Nil where no entry tells a status.
        init?(_ server: UUID, _ entries: [Entry], _ watching: [String: [Range<Int64>]]) {
            self.server = server
            let entries = entries.sorted { ($0.time, $0.position) < ($1.time, $1.position) }
            let sightings = entries.filter(\.isStatus)
            // A source that never said when it is watching is taken to watch always.
            observed = Set(sightings.map(\.event.source)).reduce([]) { union, source in
                Stretches.union(union + (watching[source] ?? [Int64.min..<Int64.max]))
            }
            var attributes: [String: JSON] = [:]
            var lastSeen: Int64?
            for sighting in sightings {
                if let status = sighting.data["status"]?.string {
                    if status != visits.last?.status {
                        let former = visits.last
                        if former != nil { visits[visits.count - 1].until = sighting.time }
                        visits.append(Self.visit(status, sighting, after: former, lastSeen: lastSeen, among: entries))
                    }
                    lastSeen = sighting.time
                }
                attributes.merge(sighting.data) { _, new in new }
                if createdAt == nil { createdAt = sighting.data["created_at"]?.string.flatMap(Self.moment) }
                guard !visits.isEmpty else { continue }
                visits[visits.count - 1].place = Place(
                    host: attributes["host"]?.string, project: attributes["project_id"]?.string,
                    network: attributes["share_network_id"]?.string)
            }
            if visits.isEmpty { return nil }
        }

        private static func visit(
            _ status: String, _ sighting: Entry, after former: Visit?, lastSeen: Int64?, among entries: [Entry]
        ) -> Visit {
            let told = sighting.data["not_before"]?.string.flatMap { Timestamp($0)?.microseconds }
            let cause = entries.last {
                $0.acceptedChange != nil && $0.time <= sighting.time && $0.time > former?.from ?? .min
            }
            return Visit(
                status: status, from: sighting.time, notBefore: [told, lastSeen].compactMap { $0 }.max(),
                cause: cause?.acceptedChange)
        }

        /// A time in RFC 3339, or as Manila writes it: in UTC without a zone.
        private static func moment(_ text: String) -> Int64? {
            (Timestamp(text) ?? Timestamp(text + "Z"))?.microseconds
        }
    }
}

// MARK: - Slices

extension FiguresFold {
    /// A stretch for which a server was in one status somewhere, or nobody knows in which.
    struct Slice {
        let range: Range<Int64>
        /// Nil: unobserved.
        let status: String?
        let place: Place
    }
}

extension FiguresFold.Life {
    /// All of its time for which it was not absent.
    var slices: [FiguresFold.Slice] {
        let first = visits[0]
        // Before it was created it was absent; where Manila does not say when that was, nobody knows.
        let birth = createdAt.map { min($0, first.from) } ?? .min
        var slices = [FiguresFold.Slice(range: birth..<first.from, status: nil, place: first.place)]
        for visit in visits where visit.status != "absent" {
            for range in Stretches.intersection([visit.range], observed) {
                slices.append(FiguresFold.Slice(range: range, status: visit.status, place: visit.place))
            }
            for range in Stretches.difference([visit.range], observed) {
                slices.append(FiguresFold.Slice(range: range, status: nil, place: visit.place))
            }
        }
        return slices.filter { !$0.range.isEmpty }
    }
}
