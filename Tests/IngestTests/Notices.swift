import Foundation

/// Notifications of an audit, written by hand.
enum Notices {
    static let server = Lines.servers[1]

    /// The CADF event of the request of call `number`, or of its answer, as a dictionary that tests can change.
    static func event(_ number: Int, status: Int? = nil) -> [String: Any] {
        var event: [String: Any] = [
            "typeURI": "http://schemas.dmtf.org/cloud/audit/1.0/event", "eventType": "activity", "id": "cadf-\(number)",
            "eventTime": String(format: "2026-11-23T09:%02d:%02d.500000+0000", number / 60 % 60, number % 60),
            "action": "update/reset_status", "outcome": status.map { $0 < 400 ? "success" : "failure" } ?? "pending",
            "requestPath": "/v2/share-servers/\(server)/action", "observer": ["id": "target"],
            "initiator": [
                "id": "u-1", "name": "alice", "project_id": "p-1", "request_id": "req-\(number)",
                "host": ["address": "10.0.0.7", "agent": "curl"], "credential": ["token": "gAAAAA-secret"],
            ] as [String: Any],
        ]
        if let status {
            event["reason"] = ["reasonType": "HTTP", "reasonCode": "\(status)"]
            let time = String(format: "2026-11-23T09:%02d:%02d.512500+0000", number / 60 % 60, number % 60)
            event["reporterchain"] = [["role": "modifier", "reporterTime": time]]
        }
        return event
    }

    static func cadf(_ number: Int, status: Int? = nil) -> String { text(event(number, status: status)) }

    static func message(_ number: Int, status: Int? = nil) -> String { message(event(number, status: status)) }

    /// The message that holds an event.
    static func message(_ payload: Any, type: String? = nil) -> String {
        let isRequest = (payload as? [String: Any])?["outcome"] as? String == "pending"
        return text([
            "message_id": "m-1", "publisher_id": "manila api", "priority": "INFO",
            "event_type": type ?? (isRequest ? "audit.http.request" : "audit.http.response"), "payload": payload,
            "timestamp": "2026-11-23 09:00:00.000001",
        ])
    }

    static func envelope(_ number: Int, status: Int? = nil) -> String { envelope(message(number, status: status)) }

    static func envelope(_ message: String) -> String { text(["oslo.version": "2.0", "oslo.message": message]) }

    /// One line.
    static func text(_ object: [String: Any]) -> String {
        let data = try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data ?? Data(), as: UTF8.self)
    }
}
