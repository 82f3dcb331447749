import Postgres

/// How the events of the fleet are told: calls by a gateway as they happen, statuses by whoever looks.
extension Generator {
    enum Operation: String, Sendable {
        case list, show, delete, manage, unmanage
        case resetStatus = "reset_status"
        case migrationStart = "migration_start"
        case migrationComplete = "migration_complete"
        case migrationCancel = "migration_cancel"
    }

    static let gateway = "https://manila.example.org/gateway"
    static let pollerSource = "https://manila.example.org/poller"

    // MARK: Calls

    /// A call that changes a server, or is refused.
    mutating func call(
        _ index: Int, _ operation: Operation, httpStatus: Int, fault: String? = nil, destination: String? = nil
    ) {
        let server = servers[index]
        let path =
            switch operation {
            case .manage: "/v2/share-servers/manage"
            case .delete: "/v2/share-servers/\(server.id)"
            default: "/v2/share-servers/\(server.id)/action"
            }
        let request =
            switch operation {
            case .manage:
                #"""
                {"share_server":{"driver_options":{},"host":"\#(hostName(server.host))",\#
                "identifier":"\#(server.identifier)","share_network_id":"\#(server.network)"}}
                """#
            case .delete: "null"
            case .resetStatus: #"{"reset_status":{"status":"active"}}"#
            case .migrationStart:
                #"""
                {"migration_start":{"host":"\#(hostName((server.host + 1) % fleet.hosts))","nondisruptive":false,\#
                "preserve_snapshots":true,"writable":true}}
                """#
            default: "{\"\(operation.rawValue)\":null}"
            }
        var outcome = "\"request\":\(request),"
        if let fault { outcome += #""fault":{"code":\#(httpStatus),"message":"\#(fault)"},"# }
        if let destination { outcome += #""response":{"destination_share_server_id":"\#(destination)"},"# }
        let method = operation == .delete ? "DELETE" : "POST"
        // Its id is not known before a call to manage it has been answered.
        tellCall(operation, method, path, httpStatus, of: server.id, outcome)
    }

    /// Somebody looks: at the list, or at one server, whose status the gateway then tells.
    mutating func read() {
        let index = random.below(Swift.max(servers.count, 1))
        guard random.chance(70), servers.indices.contains(index), servers[index].status != .absent else {
            tellCall(.list, "GET", "/v2/share-servers", 200, of: nil, "")
            return
        }
        tellCall(.show, "GET", "/v2/share-servers/\(servers[index].id)", 200, of: servers[index].id, "")
        if random.chance(30) { tellStatus(index, source: Self.gateway, notBefore: nil) }
    }

    private mutating func tellCall(
        _ operation: Operation, _ method: String, _ path: String, _ httpStatus: Int, of server: String?,
        _ outcome: String
    ) {
        let user = random.below(12)
        let project = servers.isEmpty ? 0 : servers[random.below(servers.count)].project
        let duration = Double(random.pause(mean: 40 * Span.second / 1000)) / 1000
        let request = random.uuid()
        let data = #"""
            {"operation":"\#(operation.rawValue)","method":"\#(method)","path":"\#(path)",\#
            "http_status":\#(httpStatus),"microversion":"2.70","request_id":"req-\#(request)",\#
            "actor":{"user_id":"user-\#(user)","user_name":"operator\#(user)","project_id":"\#(projectID(project))",\#
            "roles":["admin"]},"remote_address":"192.0.2.\#(user + 10)",\#(outcome)"duration_ms":\#(duration)}
            """#
        tell(event(Self.gateway, "org.openstack.manila.share_server.call", of: server, id: request, data))
    }

    // MARK: Statuses

    mutating func tellStatus(_ index: Int, source: String, notBefore: Int64?) {
        let server = servers[index]
        let seen = notBefore.map { #","not_before":"\#(text($0))""# } ?? ""
        let isGone = server.status == .absent
        let data =
            isGone
            ? #"{"status":"absent"\#(seen)}"#
            : #"""
            {"status":"\#(server.status.rawValue)","task_state":\#(quoted(server.taskState)),\#
            "host":"\#(hostName(server.host))","project_id":"\#(projectID(server.project))",\#
            "share_network_id":"\#(server.network)","share_network_name":"net-\#(server.project)",\#
            "share_network_subnet_ids":["\#(server.network)"],"identifier":"\#(server.identifier)",\#
            "is_auto_deletable":true,"source_share_server_id":\#(quoted(server.source)),\#
            "created_at":"\#(text(server.createdAt))","updated_at":"\#(text(server.updatedAt))"\#(seen)}
            """#
        tell(event(source, "org.openstack.manila.share_server.status", of: server.id, id: random.uuid(), data))
    }

    // MARK: The poller

    mutating func beginPolling() {
        poller.lastRound = now
        tellCoverage(#""state":"started""#)
        schedule(.poll, in: Span.minute)
    }

    /// A round: what has changed since the last one is told, as between the two. Now and then the poller goes away, with
    /// a word or without, and says what it missed when it is back.
    mutating func poll() {
        defer {
            poller.rounds += 1
            schedule(.poll, in: Span.minute)
        }
        if poller.awayFor > 0 {
            poller.awayFor -= 1
            if poller.awayFor > 0 { return }
            if poller.hasStopped {
                tellCoverage(#""state":"started""#)
            } else {
                tellCoverage(#""state":"gap","from":"\#(text(poller.lastRound))","until":"\#(text(now))""#)
            }
        } else if poller.rounds > 0, random.below(1000) < fleet.gapsPerMille {
            poller.awayFor = 1 + random.below(120)
            poller.hasStopped = random.chance(50)
            if poller.hasStopped { tellCoverage(#""state":"stopped""#) }
            return
        } else if poller.rounds % 10 == 0 {
            tellCoverage(#""state":"alive""#)
        }
        for index in untold.sorted() {
            tellStatus(index, source: Self.pollerSource, notBefore: poller.lastRound)
            if servers[index].status == .absent { vacant.append(index) }
        }
        untold.removeAll(keepingCapacity: true)
        poller.lastRound = now
    }

    private mutating func tellCoverage(_ data: String) {
        tell(event(Self.pollerSource, "org.dossier.source.coverage", of: nil, id: random.uuid(), "{\(data)}"))
    }

    // MARK: Texts

    private func event(_ source: String, _ type: String, of server: String?, id: String, _ data: String) -> String {
        let subject = server.map { #""subject":"\#($0)","# } ?? ""
        return #"""
            {"specversion":"1.0","id":"\#(id)","source":"\#(source)","type":"\#(type)","time":"\#(text(now))",\#
            \#(subject)"data":\#(data)}
            """#
    }

    private func text(_ microseconds: Int64) -> String { Timestamp(microseconds: microseconds).description }

    private func quoted(_ text: String?) -> String { text.map { "\"\($0)\"" } ?? "null" }

    private func hostName(_ host: Int) -> String { "cluster@backend\(host)" }

    /// 32 hexadecimal digits, as Keystone's ids have.
    private func projectID(_ project: Int) -> String {
        let digits = String(0x5082_BB06 + project, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }
}
