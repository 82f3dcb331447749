import ShareServers

/// One half of an audited call, out of a notification.
struct AuditedHalf: Sendable {
    let event: Event
    /// For a request: an event with the key that its answer's event has.
    let answer: Event?

    /// Reads a notification; nil where it tells of no call to the share-server API.
    ///
    /// Read are the envelope of oslo.messaging 2.0, the message in it by itself, and a bare CADF event; an object that
    /// has the envelope as its member `envelope`, as recorders of a bus write it, too.
    /// Source: oslo.messaging, `_drivers/common.py` and `notify/notifier.py`.
    ///
    /// - Parameter source: Nil: `/notifications/` and the publisher.
    /// - Throws: `.malformed`, or `.invalid` naming the member that is missing or not what it should be.
    init?(notification bytes: UnsafeRawBufferPointer, source: String?, redaction: Redaction) throws(EventError) {
        var whole = try Self.json("") { () throws(JSONFault) in try JSON(parsing: bytes) }
        guard whole.object != nil else {
            throw .invalid(attribute: "oslo.message", reason: "an object that holds a notification is expected")
        }
        if let envelope = whole["envelope"], envelope.object != nil { whole = envelope }
        if let message = whole["oslo.message"] {
            guard let text = message.string else {
                throw .invalid(attribute: "oslo.message", reason: "a string that holds JSON is expected")
            }
            whole = try Self.json("oslo.message") { () throws(JSONFault) in try JSON(parsing: text) }
        }
        if whole["typeURI"]?.string == Audit.typeURI {
            try self.init(cadf: whole, member: "", source: source ?? "/notifications", redaction)
            return
        }
        guard let type = whole["event_type"]?.string else {
            throw .invalid(attribute: "event_type", reason: "it is missing: this is neither a notification nor CADF")
        }
        guard type.hasPrefix("audit.http.") else { return nil }
        guard let payload = whole["payload"], payload.object != nil else {
            throw .invalid(attribute: "payload", reason: "an object is expected in a notification of this type")
        }
        let publisher = whole["publisher_id"]?.string.map(Self.segment) ?? ""
        try self.init(
            cadf: payload, member: "payload.",
            source: source ?? (publisher.isEmpty ? "/notifications" : "/notifications/\(publisher)"), redaction)
    }

    private init?(cadf: JSON, member: String, source: String, _ redaction: Redaction) throws(EventError) {
        do throws(EventError) {
            guard let audit = try Audit(cadf: cadf), let call = Call(recognising: audit) else { return nil }
            event = try call.event(of: audit, source: source, redaction: redaction)
            answer = audit.isRequest ? try audit.answerKey(source: source) : nil
        } catch .invalid(let attribute, let reason) {
            throw .invalid(attribute: member + attribute, reason: reason)
        }
    }

    private static func json(_ member: String, _ read: () throws(JSONFault) -> JSON) throws(EventError) -> JSON {
        do throws(JSONFault) {
            return try read()
        } catch  where member.isEmpty {
            throw .malformed(offset: error.offset, reason: error.reason)
        } catch {
            throw .invalid(attribute: member, reason: "not JSON at byte \(error.offset): \(error.reason)")
        }
    }

    /// A publisher as it may stand in a path: `share.lab@alpha` as it is. Source: RFC 3986, section 3.3, `pchar`.
    private static func segment(_ publisher: String) -> String {
        var segment = ""
        for byte in publisher.utf8.prefix(256) {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E, 0x40, 0x3A:
                segment.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                segment += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
        }
        return segment
    }
}
