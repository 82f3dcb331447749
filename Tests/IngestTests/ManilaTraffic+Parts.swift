import Foundation
import ShareServers

extension ManilaTraffic {
    /// The entries of the capture, each a text of its own.
    static func texts() throws -> [String] {
        let har = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path))) as? [String: Any]
        let entries = (har?["log"] as? [String: Any])?["entries"] as? [[String: Any]] ?? []
        return try entries.map { try Archive.text($0) }
    }

    /// What one answer said of a server's status.
    struct Seen: Hashable {
        let server: String
        let status: String
        /// In microseconds since 1970, of the answer's end.
        let time: Int64
    }

    /// What every answer said, in order, and that a server was gone only where it had been seen before.
    func seen() throws -> [Seen] {
        var seen: [Seen] = []
        var known: Set<String> = []
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "yyyy-MM-dd'T'HH:mm:ss"
        for call in calls {
            guard let start = formatter.date(from: String(call.startedAt.prefix(19))),
                let fraction = Int64(call.startedAt.dropFirst(20).prefix(6))
            else { continue }
            let time =
                Int64(start.timeIntervalSince1970) * 1_000_000 + fraction + Int64((call.milliseconds * 1000).rounded())
            if [200, 202].contains(call.status) {
                for server in (call.got["share_servers"] as? [Any] ?? []) + [call.got["share_server"] as Any] {
                    guard let server = server as? [String: Any], let id = server["id"] as? String,
                        let status = server["status"] as? String
                    else { continue }
                    known.insert(id)
                    seen.append(Seen(server: id, status: status, time: time))
                }
            } else if let message = (call.got["itemNotFound"] as? [String: Any])?["message"] as? String,
                let match = message.wholeMatch(of: #/Share server (\S{36}) could not be found\./#),
                call.url.contains(match.1), known.contains(String(match.1))
            {
                seen.append(Seen(server: String(match.1), status: "absent", time: time))
            }
        }
        return seen
    }
}

/// A status event as it stands in the log.
struct StatusTold {
    let server: String
    let status: String
    let time: Int64
    let notBefore: Int64?

    /// Nil for one that says no status.
    init?(_ entry: TestLog.Entry) throws {
        let body = try JSON(parsing: entry.body)
        guard entry.type == EventType.status, let status = body["data"]?["status"]?.string else { return nil }
        self.status = status
        server = body["subject"]?.string ?? ""
        time = Self.microseconds(body["time"]?.string) ?? 0
        notBefore = Self.microseconds(body["data"]?["not_before"]?.string)
    }

    /// Of a time as Dossier writes it: six digits of a fraction, and `Z`.
    private static func microseconds(_ text: String?) -> Int64? {
        guard let text, let whole = try? Date(String(text.prefix(19)) + "Z", strategy: .iso8601) else { return nil }
        return Int64(whole.timeIntervalSince1970) * 1_000_000 + (Int64(text.dropFirst(20).prefix(6)) ?? 0)
    }
}

extension TestLog {
    /// What the log says of statuses, in the order of time.
    func statusesTold() async throws -> [StatusTold] {
        try await entries().compactMap { try StatusTold($0) }.sorted { $0.time < $1.time }
    }

    /// The statuses of each server, in the order of time, without repeats.
    func statuses() async throws -> [String: [String]] {
        var statuses: [String: [String]] = [:]
        for told in try await statusesTold() where statuses[told.server]?.last != told.status {
            statuses[told.server, default: []].append(told.status)
        }
        return statuses
    }
}
