import EventLog
import Postgres
import Queries
import ShareServers

/// What Dossier had recorded by a moment or a position: the time of the system, beside that of the servers.
struct KnownAt: Sendable {
    /// How many entries of each lane were known, from lane 0 on.
    let sizes: [Int64]
    /// What is asked about where nothing else is: the moment that was given, else the latest.
    let moment: Timestamp

    /// As a request writes it.
    enum Bound: Sendable {
        case moment(Timestamp)
        case sizes([Int64])

        /// - Parameter applied: How many entries of each lane the projections have taken into account.
        func resolved(_ applied: [Int64], _ connection: isolated Connection) throws(PostgresError) -> KnownAt {
            switch self {
            case .sizes(let sizes):
                return KnownAt(sizes: zip(sizes, applied).map { min($0, $1) }, moment: .latest)
            case .moment(let moment):
                let sizes = try connection.fetchAll(Queries.Log.fetchSizesAt(at: moment)).map(\.size)
                return KnownAt(sizes: zip(sizes, applied).map { min($0, $1) }, moment: moment)
            }
        }
    }
}

extension QueryService {
    /// `known_at`: an RFC 3339 time, or how many entries of each lane were known, as `as_of` tells them: `120`, or
    /// `0:120,1:77` where there are several lanes.
    func knownAt(_ query: QueryParameters) throws(Problem) -> KnownAt.Bound? {
        guard let text = try query.text("known_at") else { return nil }
        if let time = Timestamp(text) ?? Timestamp(text.replacing(" ", with: "+")) { return .moment(time) }
        let lanes = Int(log.lanes)
        if lanes == 1, let size = Int64(text), size >= 0 { return .sizes([size]) }
        var sizes = [Int64?](repeating: nil, count: lanes)
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: ":", omittingEmptySubsequences: false)
            guard pair.count == 2, let lane = Int(pair[0]), sizes.indices.contains(lane), sizes[lane] == nil,
                let size = Int64(pair[1]), size >= 0
            else { throw Self.badBound(lanes) }
            sizes[lane] = size
        }
        guard sizes.allSatisfy({ $0 != nil }) else { throw Self.badBound(lanes) }
        return .sizes(sizes.compactMap { $0 })
    }

    private static func badBound(_ lanes: Int) -> Problem {
        let sizes = lanes == 1 ? "120" : (0..<min(lanes, 4)).map { "\($0):120" }.joined(separator: ",")
        return .parameter(
            "known_at", "an RFC 3339 time is expected, or the size of every lane as 'as_of' tells it, such as \(sizes),"
        )
    }
}

extension Timestamp {
    /// Later than whatever happens. Source: RFC 3339 writes years with four digits.
    static let latest = Timestamp("9999-12-31T23:59:59Z")!
}
