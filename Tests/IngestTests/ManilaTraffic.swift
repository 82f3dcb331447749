import Foundation

/// The traffic captured from a real Manila, read by other means than the code under test.
struct ManilaTraffic {
    /// What one exchange says.
    struct Exchange {
        let startedAt: String
        let method: String
        let url: String
        let sent: [String: Any]
        let status: Int
        let got: [String: Any]
        let requestID: String?
        let milliseconds: Double
        /// As the exercise noted it.
        let caller: String?

        /// Whether it goes to the share-server API, by its path.
        var isCall: Bool { url.wholeMatch(of: #/http://[^/]+/v2/share-servers(/[^?]*)?(\?.*)?/#) != nil }

        /// The operation by method, number of path segments, and the body's key.
        var operation: String {
            let path = url.prefix { $0 != "?" }.split(separator: "/").drop { $0 != "share-servers" }.dropFirst()
            switch (method, path.count, path.last ?? "") {
            case ("GET", 0, _): return "list"
            case ("GET", 1, _): return "show"
            case ("GET", 2, "details"): return "details"
            case ("DELETE", 1, _): return "delete"
            case ("POST", 1, "manage"): return "manage"
            case ("POST", 2, "action"):
                let actions = [
                    "unmanage", "reset_status", "migration_check", "migration_start", "migration_complete",
                    "migration_cancel", "migration_get_progress", "reset_task_state",
                ]
                return sent.keys.first.flatMap { actions.contains($0) ? $0 : nil } ?? "other"
            default: return "other"
            }
        }
    }

    static let path = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Sources/dossier/Resources/manila.har").standardizedFileURL.path(percentEncoded: false)

    let exchanges: [Exchange]

    init() throws {
        let har = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: Self.path))) as? [String: Any]
        let entries = (har?["log"] as? [String: Any])?["entries"] as? [[String: Any]] ?? []
        exchanges = entries.map { entry in
            let (request, response) = (Self.object(entry["request"]), Self.object(entry["response"]))
            let headers = response["headers"] as? [[String: String]] ?? []
            return Exchange(
                startedAt: entry["startedDateTime"] as? String ?? "", method: request["method"] as? String ?? "",
                url: request["url"] as? String ?? "", sent: Self.parsed(Self.object(request["postData"])["text"]),
                status: response["status"] as? Int ?? 0, got: Self.parsed(Self.object(response["content"])["text"]),
                requestID: headers.first { $0["name"]?.lowercased() == "x-openstack-request-id" }?["value"],
                milliseconds: entry["time"] as? Double ?? 0,
                caller: (entry["comment"] as? String)?.split(separator: " ").last.map(String.init))
        }
    }

    private static func object(_ value: Any?) -> [String: Any] { value as? [String: Any] ?? [:] }

    private static func parsed(_ text: Any?) -> [String: Any] {
        let text = text as? String ?? ""
        return (try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]) ?? [:]
    }

    var calls: [Exchange] { exchanges.filter(\.isCall) }

    /// What the answers said of each server's status, in their order, without repeats; `absent` where it was gone.
    func statuses() -> [String: [String]] {
        var statuses: [String: [String]] = [:]
        func see(_ server: Any?) {
            guard let server = server as? [String: Any], let id = server["id"] as? String,
                let status = server["status"] as? String, statuses[id]?.last != status
            else { return }
            statuses[id, default: []].append(status)
        }
        for call in calls {
            if [200, 202].contains(call.status) {
                for server in call.got["share_servers"] as? [Any] ?? [] { see(server) }
                see(call.got["share_server"])
            } else if let message = Self.object(call.got["itemNotFound"])["message"] as? String,
                let match = message.wholeMatch(of: #/Share server (\S{36}) could not be found\./#),
                call.url.contains(match.1), let seen = statuses[String(match.1)], seen.last != "absent"
            {
                statuses[String(match.1), default: []].append("absent")
            }
        }
        return statuses
    }
}
