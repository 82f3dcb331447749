import Postgres
import ShareServers
import Testing

/// A moment in seconds after 2026-11-23T09:00:00Z.
func moment(_ seconds: Double) -> Timestamp {
    Timestamp(microseconds: 1_795_424_400_000_000 + Int64(seconds * 1_000_000))
}

let serverA = "8c041935-231e-405a-a0d2-d5b0acdceb46"
let serverB = "2127863d-1c79-44a5-a5c6-eb2f7b6b9c97"
let redaction = Redaction(key: Array("the key of this installation, kept".utf8))

func exchange(
    _ method: String, _ target: String, at seconds: Double = 0, taking duration: Duration = .milliseconds(10),
    headers: [(name: String, value: String)] = [], body: String = "", status: Int = 200, answer: String = "",
    requestID: String? = "req-7b2e6b0f-5f0e-4f2c-9b47-0d4c6ad8a001"
) -> Exchange {
    Exchange(
        method: method, target: target, requestHeaders: headers, requestBody: Array(body.utf8),
        startedAt: moment(seconds), duration: duration, status: status,
        responseHeaders: requestID.map { [(name: "X-Openstack-Request-Id", value: $0)] } ?? [],
        responseBody: Array(answer.utf8), remoteAddress: "192.0.2.7")
}

/// An answered `GET …/{id}`; `members` follow the id, each with its comma.
func show(_ server: String = serverA, at seconds: Double, _ members: String) -> Exchange {
    exchange(
        "GET", "/v2/share-servers/\(server)", at: seconds, taking: .zero,
        answer: #"{"share_server": {"id": "\#(server)", \#(members)}}"#)
}

func notFound(_ server: String = serverA, at seconds: Double, message: String? = nil) -> Exchange {
    let message = message ?? "Share server \(server) could not be found."
    return exchange(
        "GET", "/v2/share-servers/\(server)", at: seconds, taking: .zero, status: 404,
        answer: #"{"itemNotFound": {"code": 404, "message": "\#(message)"}}"#)
}

extension Event {
    /// What stands in the stored bytes.
    var data: JSON { get throws { try #require(JSON(parsing: canonical)["data"]) } }
}

extension Observer {
    static func make(limit: Int = 1000) -> Observer {
        Observer(source: "/gateway/test", redaction: redaction, limit: limit)
    }

    /// The events of an exchange beside its call.
    mutating func sightings(_ exchange: Exchange) throws -> [Event] {
        try events(from: exchange).filter { $0.type != EventType.call }
    }

    /// The data of the status events of an exchange.
    mutating func statuses(_ exchange: Exchange) throws -> [JSON] {
        try events(from: exchange).filter { $0.type == EventType.status }.map { try $0.data }
    }
}
