import Postgres

extension Call {
    /// The event that says that a call is about to be passed on: written before, so that no change goes unrecorded.
    ///
    /// It has what is known of the call by then. The `call` event of what came of it has the same source and time, and
    /// the id that `outcomeID` makes: where that is missing, nobody knows what came of it.
    ///
    /// - Parameters:
    ///   - exchange: Without an answer as yet.
    ///   - id: Unique for the source.
    /// - Throws: As `event(of:source:redaction:)`.
    public func intent(
        of exchange: Exchange, id: String, source: String, redaction: Redaction
    ) throws(EventError) -> Event {
        guard (Timestamp.earliest...Timestamp.latest).contains(exchange.startedAt) else {
            throw .invalid(attribute: "time", reason: "a time in the years 1 to 9999 is expected")
        }
        var data = head(of: exchange, redaction: redaction)
        data["duration_ms"] = nil
        let sent = Evidence(
            Body(exchange.requestBody, whole: exchange.wholeRequest), raw: exchange.requestBody, redaction: redaction)
        for (isWhole, _) in Evidence.attempts(sent, nil) {
            data["request"] = isWhole ? sent.whole : sent.omitted
            do {
                return try Event(
                    id: "intent/\(id)", source: source, type: EventType.intent, time: exchange.startedAt,
                    subject: serverID?.subject, data: .object(data))
            } catch {
                guard case .tooLarge = error, isWhole else { throw error }
            }
        }
        throw .tooLarge(bytes: sent.canonical.count)
    }

    /// The id of the `call` event that tells what came of an intent.
    public static func outcomeID(_ id: String) -> String { "call/\(id)" }
}

extension Event {
    /// The `call` event that says of an intent that nobody knows what came of it; nil where this is no intent.
    public func outcomeUnknown() throws(EventError) -> Event? {
        guard type == EventType.intent, id.hasPrefix("intent/"),
            case .object(var data)? = (try? JSON(parsing: canonical))?["data"]
        else { return nil }
        data["outcome"] = .string(Exchange.Outcome.unknown.rawValue)
        func call() throws(EventError) -> Event {
            try Event(
                id: Call.outcomeID(String(id.dropFirst("intent/".count))), source: source, type: EventType.call,
                time: time, subject: subject, data: .object(data))
        }
        do {
            return try call()
        } catch .tooLarge {
            // The intent has the request.
            data["request"] = nil
            return try call()
        }
    }
}
