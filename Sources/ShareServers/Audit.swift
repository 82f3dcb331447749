public import Postgres

/// One half of a call to the share-server API as an audit filter in front of Manila tells it: that of the request, or
/// that of the answer, which repeats all of the request's. Both have one id.
///
/// An audit has no bodies, knows nothing of calls that Keystone's middleware turned away (401), and of an error that
/// nobody handled no status.
/// Source: DMTF DSP0262, CADF 1.0; keystonemiddleware, `audit/_api.py`, for what stands in an event.
public struct Audit: Sendable, Hashable {
    /// The type of every CADF event.
    public static let typeURI = "http://schemas.dmtf.org/cloud/audit/1.0/event"

    public let id: String
    /// Such as `read/list`, or `update/reset_status` where a body named the action.
    public let action: String
    /// `pending` in a request's; `success`, `failure`, or `unknown` where nobody handled an error.
    public let outcome: String
    /// Path and query as the filter saw them.
    public let target: String
    public let startedAt: Timestamp
    /// Until the answer stood; nil in a request's.
    public let duration: Duration?
    /// The answer's status code; nil where the filter saw none.
    public let status: Int?
    /// Who called.
    let initiator: JSON

    /// Whether it is told before the answer is known.
    public var isRequest: Bool { outcome == "pending" }

    /// Reads a CADF event; nil where it is of no call to the share-server API.
    ///
    /// - Throws: `.invalid` naming the member that is missing, or not what it should be.
    public init?(cadf event: JSON) throws(EventError) {
        guard event["typeURI"]?.string == Self.typeURI, let target = event["requestPath"]?.string,
            Call(method: "", target: target) != nil
        else { return nil }
        func text(_ name: String) throws(EventError) -> String {
            guard let text = event[name]?.string, !text.isEmpty else {
                throw .invalid(attribute: name, reason: "a string that is not empty is expected")
            }
            return text
        }
        self.target = target
        id = try text("id")
        action = try text("action")
        outcome = try text("outcome")
        guard let startedAt = Self.time(try text("eventTime")) else {
            throw .invalid(
                attribute: "eventTime", reason: "a time such as 2026-11-23T09:54:41.743133+0000 is expected")
        }
        self.startedAt = startedAt
        let reported = event["reporterchain"]?.array?.last?["reporterTime"]?.string.flatMap { Self.time($0) }
        duration = reported.flatMap {
            $0 < startedAt ? nil : .microseconds($0.microseconds - startedAt.microseconds)
        }
        status = try Self.status(event["reason"])
        initiator = event["initiator"] ?? .null
    }

    /// A time whose offset may stand without a colon. Source: pycadf, `timestamp.py`.
    private static func time(_ text: String) -> Timestamp? {
        let offset = text.utf8.suffix(5)
        guard let sign = offset.first, sign == 0x2B || sign == 0x2D, offset.dropFirst().allSatisfy({ $0 != 0x3A })
        else { return Timestamp(text) }
        return Timestamp(String(text.dropLast(2)) + ":" + String(text.suffix(2)))
    }

    private static func status(_ reason: JSON?) throws(EventError) -> Int? {
        guard let code = reason?["reasonCode"], reason?["reasonType"]?.string == "HTTP", !code.isNull else {
            return nil
        }
        guard let number = code.string.flatMap({ Int($0) }) ?? code.int, (100...599).contains(number) else {
            throw .invalid(attribute: "reason.reasonCode", reason: "an HTTP status code is expected")
        }
        return number
    }
}
