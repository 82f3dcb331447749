import FoundationEssentials
import Postgres
import ShareServers

/// The half-open stretch of time that a question is about.
struct Window: Sendable {
    let from: Timestamp
    /// What was asked for.
    let until: Timestamp

    /// How long it is where nobody says.
    static let usual = Duration.seconds(30 * 86_400)

    /// `from` and `until` of a request: the last 30 days unless told otherwise.
    ///
    /// - Throws: A problem that names the parameter.
    init(_ query: QueryParameters) throws(Problem) {
        let until = try query.time("until")
        let from = try query.time("from")
        self.until = until ?? .now
        self.from = from ?? self.until.advanced(by: .zero - Self.usual)
        guard self.from < self.until else {
            throw .parameter(from == nil ? "until" : "from", "it must be earlier than 'until'")
        }
    }

    /// Where it ends for an answer that is true as of `moment`: what is later is not known.
    func end(asOf moment: Timestamp) -> Timestamp { max(from, min(until, moment)) }

    /// As an answer states it.
    func json(end: Timestamp) -> JSON {
        [
            "from": JSON(Timestamp?.some(from)), "until": JSON(Timestamp?.some(end)),
            "length_s": .seconds(end.microseconds - from.microseconds), "is_clipped": .bool(end < until),
        ]
    }
}

/// By what an answer's figures are told apart.
enum Grouping: String, Sendable, CaseIterable {
    case server, host, project
    case shareNetwork = "share_network"
    case fleet
}

/// Which servers a question is about.
struct Scope: Sendable {
    var server: ServerKey?
    var host: String?
    var projectID: String?
    var shareNetworkID: String?

    static let parameters = ["server_id", "host", "project_id", "share_network_id"]

    init(_ query: QueryParameters, lane: (UUID) -> Int16) throws(Problem) {
        server = try query.uuid("server_id").map { ServerKey(lane: lane($0), id: $0) }
        host = try query.text("host")
        projectID = try query.text("project_id")
        shareNetworkID = try query.text("share_network_id")
    }
}

extension QueryParameters {
    func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ usual: Choice, _ choices: [Choice] = Array(Choice.allCases)
    ) throws(Problem) -> Choice {
        guard let text = try text(name) else { return usual }
        guard let choice = choices.first(where: { $0.rawValue == text }) else {
            throw .parameter(name, "one of \(choices.map(\.rawValue).joined(separator: ", ")) is expected")
        }
        return choice
    }

    /// A length of time: a number with s, m, h or d, such as `90s` or `1d`.
    func duration(_ name: String) throws(Problem) -> Duration? {
        guard let text = try text(name) else { return nil }
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let count = Int64(text.dropLast()), count > 0,
            count <= 100 * 366 * 86_400 / unit
        else { throw .parameter(name, "a length of time is expected, such as 90s, 15m, 6h or 1d,") }
        return .seconds(count * unit)
    }
}

extension JSON {
    /// Seconds, to the microsecond.
    static func seconds(_ microseconds: Int64) -> JSON { .number(Double(microseconds) / 1e6) }
    static func seconds(_ microseconds: Int128) -> JSON { .number(Double(microseconds) / 1e6) }
    static func seconds(_ microseconds: Int64?) -> JSON { microseconds.map { .seconds($0) } ?? .null }
    static func count(_ count: Int64) -> JSON { .number(Double(count)) }
    static func text(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
}
