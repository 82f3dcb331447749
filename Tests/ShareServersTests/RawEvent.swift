import Postgres
import ShareServers

/// An event as a source writes it: members by name, each as JSON text.
struct RawEvent {
    var members: [String: String]

    /// A valid event of a type that nobody knows.
    static let plain = RawEvent(members: [
        "specversion": #""1.0""#, "id": #""e-1""#, "source": #""/test""#, "type": #""com.example.other""#,
        "time": #""2026-11-23T09:55:14.984208Z""#,
    ])

    /// The data of this and the next are in canonical form.
    static let call = plain.with("type", "\"\(EventType.call)\"").with("subject", "\"\(serverA)\"").with(
        "data",
        #"{"http_status":200,"method":"GET","operation":"show","path":"/v2/share-servers/x","request_id":"req-1"}"#)

    static let status = plain.with("type", "\"\(EventType.status)\"").with("subject", "\"\(serverA)\"").with(
        "data", #"{"host":"lab@alpha","project_id":"p-1","status":"active"}"#)

    /// With a member set, or, with nil, without it.
    func with(_ name: String, _ value: String?) -> RawEvent {
        var copy = self
        copy.members[name] = value
        return copy
    }

    var text: String {
        "{" + members.map { NaiveJSON.quoted($0.key) + ": " + $0.value }.joined(separator: " , ") + "}"
    }

    /// The canonical form, where all values are written canonically.
    func canonical(recordedAt: String? = nil) -> String {
        let members = with("recordedtime", recordedAt.map { "\"\($0)\"" }).members
        return "{"
            + members.sorted { Array($0.key.utf16).lexicographicallyPrecedes(Array($1.key.utf16)) }
            .map { NaiveJSON.quoted($0.key) + ":" + $0.value }.joined(separator: ",") + "}"
    }

    func decode() throws(EventError) -> Event { try decodeEvent(text) }

    /// Why it is refused; nil where it is taken.
    var error: EventError? {
        do throws(EventError) {
            _ = try decode()
            return nil
        } catch {
            return error
        }
    }

    /// The attribute that an error names; nil where the event is taken, or the error names none.
    var attributeAtFault: String? { error?.attribute }
}

func decodeEvent(_ text: String) throws(EventError) -> Event {
    try Array(text.utf8).withUnsafeBufferPointer { bytes throws(EventError) in
        try Event(decoding: UnsafeRawBufferPointer(bytes))
    }
}
