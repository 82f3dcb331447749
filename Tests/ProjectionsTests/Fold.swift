import EventLog
import FoundationEssentials
import Postgres
import ShareServers

/// What a list of entries says of one server, read one by one as the design puts it, without any SQL.
///
/// It is what the tables are held against. Entries are named by the ids of their events, so that logs in which the same
/// events stand at other positions can be compared.
struct Fold: Equatable {
    /// The closed visits in order.
    var closed: [Visit] = []
    var server: Server

    /// A stay in one status.
    struct Visit: Equatable {
        var status: String
        var from: Timestamp
        /// Nil while it lasts.
        var until: Timestamp?
        var notBefore: Timestamp?
        var entry: String
        var cause: String?
        /// Where the server was when the visit ended, or is now.
        var host: String?
        var projectID: String?
        var shareNetworkID: String?
    }

    struct Server: Equatable {
        var lane: Int16
        var open: Visit?
        var attributes: [String: JSON] = [:]
        var host: String?
        var projectID: String?
        var shareNetworkID: String?
        var firstSeen: Timestamp?
        var lastSeen: Timestamp?
        /// The last status event, partial ones included.
        var seen: Mention?
        var details: Mention?
        var lastCall: Mention?
        var lastError: Mention?
    }

    /// An entry that is referred to, with its time.
    struct Mention: Equatable {
        var time: Timestamp
        var entry: String

        init(time: Timestamp, entry: String) { (self.time, self.entry) = (time, entry) }
        init?(_ told: Told?) {
            guard let told else { return nil }
            self.init(time: told.time, entry: told.id)
        }
    }

    /// - Parameter told: Entries that name one server, at least one, in any order.
    init(_ told: [Told]) {
        let ordered = told.sorted { ($0.time, $0.position) < ($1.time, $1.position) }
        server = Server(lane: ordered[0].position.lane.number)
        server.details = Mention(ordered.last { $0.isDetails })
        server.lastCall = Mention(ordered.last { $0.isChange })
        server.lastError = Mention(ordered.last { $0.isError })
        for sighting in ordered where sighting.isStatus { see(sighting, among: ordered) }
    }

    private mutating func see(_ sighting: Told, among ordered: [Told]) {
        if let status = sighting.status {
            if status != server.open?.status { enter(status, by: sighting, among: ordered) }
            server.firstSeen = server.firstSeen ?? sighting.time
            server.lastSeen = sighting.time
        }
        for (name, value) in sighting.data where name != "not_before" { server.attributes[name] = value }
        server.host = server.attributes["host"]?.string
        server.projectID = server.attributes["project_id"]?.string
        server.shareNetworkID = server.attributes["share_network_id"]?.string
        server.open?.host = server.host
        server.open?.projectID = server.projectID
        server.open?.shareNetworkID = server.shareNetworkID
        server.seen = Mention(sighting)
    }

    private mutating func enter(_ status: String, by sighting: Told, among ordered: [Told]) {
        let former = server.open
        if var ended = former {
            ended.until = sighting.time
            closed.append(ended)
        }
        let asserted = sighting.data["not_before"]?.string.flatMap { Timestamp($0) }
        let bounds = [server.lastSeen, asserted].compactMap { $0 }
        let calls = ordered.filter { $0.isAcceptedChange && $0.time <= sighting.time }
        let own = calls.filter { $0.time > former?.from ?? .earliest }
        // The former status was seen no sooner than it was looked for: a call before that may have come after it.
        let early = calls.filter { call in
            guard let former, let notBefore = former.notBefore else { return false }
            return call.time > notBefore && call.time <= former.from && call.leads(to: status)
                && !call.leads(to: former.status)
        }
        let cause = (early + own).last { $0.leads(to: status) } ?? own.last
        server.open = Visit(
            status: status, from: sighting.time, notBefore: bounds.max().map { min($0, sighting.time) },
            entry: sighting.id, cause: cause?.id)
    }

    /// All visits in order, the open one last.
    var visits: [Visit] { closed + (server.open.map { [$0] } ?? []) }
}

extension Told {
    /// Whether Manila's next step after this call is the status. Source: the table of transitions in Manila's documents.
    func leads(to status: String) -> Bool {
        let next: [String: Set<String>] = [
            "delete": ["deleting", "absent"], "unmanage": ["unmanage_starting", "absent"],
            "manage": ["manage_starting", "active", "manage_error"], "migration_start": ["server_migrating"],
            "migration_complete": ["active", "inactive", "deleting", "absent"],
            "migration_cancel": ["active", "inactive"],
        ]
        let operation = data["operation"]?.string ?? ""
        if operation == "reset_status" { return data["request"]?["reset_status"]?["status"]?.string == status }
        return next[operation]?.contains(status) ?? false
    }
}
