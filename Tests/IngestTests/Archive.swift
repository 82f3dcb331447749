import Foundation

/// An HTTP archive, written by hand.
enum Archive {
    static let servers = Lines.servers
    static let origin = "http://manila.example:8786"

    /// One member of `log.entries`, as a dictionary that tests can change.
    static func entry(
        _ method: String, _ path: String, at second: Int, status: Int = 200, sent: String? = nil, got: String? = nil
    ) -> [String: Any] {
        var request: [String: Any] = [
            "method": method, "url": origin + path, "httpVersion": "HTTP/1.1", "cookies": [Any](),
            "queryString": [Any](),
            "headers": [["name": "X-User-Id", "value": "u-1"]], "headersSize": -1, "bodySize": sent?.utf8.count ?? 0,
        ]
        request["postData"] = sent.map { ["mimeType": "application/json", "text": $0] }
        let response: [String: Any] = [
            "status": status, "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [Any](), "redirectURL": "",
            "headers": [["name": "x-openstack-request-id", "value": "req-\(second)"]], "headersSize": -1,
            "bodySize": -1,
            "content": ["size": 0, "mimeType": "application/json", "text": got ?? ""],
        ]
        return [
            "startedDateTime": String(format: "2026-11-23T09:%02d:%02d.000Z", second / 60, second % 60), "time": 12.5,
            "request": request, "response": response, "cache": [String: Any](),
            "timings": ["send": 0, "wait": 12.5, "receive": 0],
        ]
    }

    /// `GET …/share-servers/{id}`, answered with a status.
    static func show(_ server: Int, _ status: String, at second: Int) -> [String: Any] {
        entry("GET", "/v2/share-servers/\(servers[server])", at: second, got: answer(server, status))
    }

    static func answer(_ server: Int, _ status: String) -> String {
        #"{"share_server": {"id": "\#(servers[server])", "status": "\#(status)"}}"#
    }

    /// A text of one entry.
    static func text(_ entry: [String: Any]) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: entry, options: [.sortedKeys]), as: UTF8.self)
    }

    /// A text of an archive with one entry a line, the first on line 2.
    static func text(_ entries: [String]) -> String {
        #"{"log":{"version":"1.2","creator":{"name":"test","version":"1"},"entries":["# + "\n"
            + entries.joined(separator: ",\n") + "\n]}}"
    }
}

extension [String: Any] {
    /// With the member at a path such as `response.status` set, or, with nil, left out.
    func with(_ path: String, _ value: Any?) -> [String: Any] {
        var copy = self
        let names = path.split(separator: ".", maxSplits: 1).map(String.init)
        copy[names[0]] = names.count == 1 ? value : (self[names[0]] as? [String: Any] ?? [:]).with(names[1], value)
        return copy
    }
}
