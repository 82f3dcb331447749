import Postgres
import ShareServers

/// What the members of the query API's answers mean, in words for tables and timelines.
extension JSON {
    /// Of a summary or of the `data` of a call event: who asked.
    var actor: String? {
        guard let actor = member("actor") else { return nil }
        if case .string(let name) = actor { return name }
        return actor.text("user_name") ?? actor.text("user_id")
    }

    /// Of an item of a timeline: the same, by whichever source knows.
    var caller: String? {
        member("event", "data")?.actor ?? elements("told_again").lazy.compactMap(\.actor).first
    }

    /// Of a summary or of the `data` of a call event: why it failed.
    var faultMessage: String? {
        guard let fault = member("fault") else { return nil }
        if case .string(let message) = fault { return message }
        return fault.text("message")
    }

    /// A summary in a few words: `delete by admin → 409`.
    var phrase: String {
        guard let operation = text("operation") else { return text("status") ?? text("type") ?? "" }
        return Self.phrase(
            operation: operation, actor: actor, httpStatus: integer("http_status"), outcome: text("outcome"))
    }

    /// - Parameter outcome: Why there is no status, as an event says it.
    static func phrase(operation: String, actor: String?, httpStatus: Int?, outcome: String? = nil) -> String {
        let result: String? =
            switch (httpStatus, outcome) {
            case (let status?, _): "\(status)"
            case (nil, "unknown"): "outcome unknown"
            case (nil, "not_forwarded"): "not passed on, Manila was away"
            default: nil
            }
        return operation + (actor.map { " by \($0)" } ?? "") + (result.map { " → \($0)" } ?? "")
    }

    /// Of an event: its type without what all types begin with.
    var shortType: String {
        let type = text("type") ?? ""
        for prefix in ["org.openstack.manila.share_server.", "org.dossier.source."] where type.hasPrefix(prefix) {
            return String(type.dropFirst(prefix.count))
        }
        return type
    }

    /// A moment in a table, to the second.
    func second(_ path: String) -> String? { moment(path)?.toSecond }
}
