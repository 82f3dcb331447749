import Foundation
import HTTPTypes
import Postgres
import ShareServers
import Testing

/// The captured traffic of a real Manila, read by other means than the code under test.
struct CapturedTraffic: Sendable {
    static let file = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Sources/dossier/Resources/manila.har").standardizedFileURL

    /// One request and its answer.
    struct Entry: Sendable {
        let number: Int
        let exchange: Exchange
        /// Null where the body is no JSON.
        let answer: JSON

        var status: Int { exchange.status }
        /// `/v2/share-servers…` with its query; nil for all other requests.
        var shareServers: String? {
            exchange.target.hasPrefix("/v2/share-servers") ? exchange.target : nil
        }
        var isRead: Bool { exchange.method == "GET" && shareServers != nil }
        var version: String? { exchange.requestHeader("X-OpenStack-Manila-API-Version") }

        /// The parameters of the query.
        var query: [String: String] {
            let items = URLComponents(string: exchange.target)?.queryItems ?? []
            return Dictionary(items.map { ($0.name, $0.value ?? "") }, uniquingKeysWith: { first, _ in first })
        }
        /// What follows `share-servers`.
        var below: [String] {
            exchange.target.prefix { $0 != "?" }.split(separator: "/").dropFirst(2).map(String.init)
        }
        /// The servers that a good answer shows.
        var servers: [[String: JSON]] {
            guard [200, 202].contains(status) else { return [] }
            return (answer["share_servers"]?.array ?? [answer["share_server"] ?? .null]).compactMap(\.object)
        }
    }

    let entries: [Entry]

    init() throws {
        let har = try JSONSerialization.jsonObject(with: Data(contentsOf: Self.file)) as? [String: Any]
        let list = try #require((har?["log"] as? [String: Any])?["entries"] as? [[String: Any]])
        entries = try list.enumerated().map { number, entry in
            let exchange = try Self.exchange(entry)
            return Entry(
                number: number, exchange: exchange, answer: (try? JSON(parsing: exchange.responseBody)) ?? .null)
        }
    }

    private static func exchange(_ entry: [String: Any]) throws -> Exchange {
        let request = entry["request"] as? [String: Any] ?? [:]
        let response = entry["response"] as? [String: Any] ?? [:]
        let url = try #require(URLComponents(string: request["url"] as? String ?? ""))
        return Exchange(
            method: request["method"] as? String ?? "",
            target: url.percentEncodedPath + (url.percentEncodedQuery.map { "?" + $0 } ?? ""),
            requestHeaders: headers(request), requestBody: text(request["postData"]),
            startedAt: try #require(Timestamp(entry["startedDateTime"] as? String ?? "")),
            duration: .microseconds(Int64((try #require(entry["time"] as? Double) * 1000).rounded())),
            status: response["status"] as? Int ?? 0, responseHeaders: headers(response),
            responseBody: text(response["content"]))
    }

    private static func text(_ part: Any?) -> [UInt8] {
        Array(((part as? [String: Any])?["text"] as? String ?? "").utf8)
    }

    private static func headers(_ message: [String: Any]) -> [(name: String, value: String)] {
        (message["headers"] as? [[String: String]] ?? []).map { ($0["name"] ?? "", $0["value"] ?? "") }
    }
}

/// What Manila's answers have said of its servers so far: all that a record of them can know.
struct KnownServers {
    private struct Known {
        var members: [String: JSON]
        var isGone = false
        /// Every `updated_at` that was told. It alone is not followed from answer to answer: Dossier notes what
        /// changed, and takes the time along.
        var updates: Set<JSON> = []
    }
    private var servers: [String: Known] = [:]

    mutating func take(_ entry: CapturedTraffic.Entry) {
        guard entry.shareServers != nil else { return }
        for server in entry.servers {
            guard let id = server["id"]?.string else { continue }
            var known = servers[id] ?? Known(members: [:])
            if known.members["status"] != server["status"] { known.updates = [] }
            known.isGone = false
            known.members.merge(followed(server)) { $1 }
            known.updates.insert(server["updated_at"] ?? .null)
            servers[id] = known
        }
        if entry.status == 404, let message = entry.answer.at("itemNotFound.message")?.string,
            let match = message.wholeMatch(of: #/Share server (\S{36}) could not be found\./#),
            entry.below.contains(String(match.1))
        {
            servers[String(match.1)]?.isGone = true
        }
    }

    /// What is compared: subnets in any order, and a project or host that Manila has emptied as it was before.
    func followed(_ server: [String: JSON]) -> [String: JSON] {
        var members = server
        members["updated_at"] = nil
        for name in ["project_id", "host"] where members[name] == "" {
            members[name] = servers[server["id"]?.string ?? ""]?.members[name]
        }
        if let subnets = members["share_network_subnet_ids"]?.array {
            members["share_network_subnet_ids"] = .array(subnets.sorted { $0.string ?? "" < $1.string ?? "" })
        }
        return members
    }

    /// Whether a server was last told of with this `updated_at`, since it came into its status.
    func hasTold(_ updated: JSON?, of id: String) -> Bool { servers[id]?.updates.contains(updated ?? .null) ?? false }

    /// The servers that are not known to be gone and that a filter takes; of those that Manila has removed without
    /// anybody asking, nobody can know.
    func present(_ query: [String: String]) -> Set<String> {
        Set(
            servers.filter { id, known in
                !known.isGone
                    && query.allSatisfy { name, value in
                        switch name {
                        case "share_network":
                            [known.members["share_network_id"], known.members["share_network_name"]]
                                .contains(.string(value))
                        case "share_network_subnet_id":
                            known.members["share_network_subnet_ids"]?.array?.contains(.string(value)) ?? false
                        default: known.members[name] == .string(value)
                        }
                    }
            }.keys)
    }

    /// Whether every filter that a request uses is one that Manila itself gets right.
    ///
    /// Alone each of them is; together with another, Manila filters a joined table and errs.
    static func areSound(_ query: [String: String]) -> Bool {
        let sound = [
            "share_network_id", "project_id", "share_network_subnet_id", "status", "host", "identifier",
            "share_network",
        ]
        return query.count <= 1 && query.keys.allSatisfy(sound.contains)
    }
}
