import EventLog
import FoundationEssentials
import Postgres
import Queries

extension Pool {
    /// Connections for a command that walks the log: without rights to change it.
    static func reading(url: String) throws -> Pool {
        Pool(
            url: url, limit: 1,
            setup: ["SET ROLE dossier_reader", "SET application_name = 'dossier'", "SET statement_timeout = 0"])
    }

    /// The lanes of the log in order, or the one that is asked for.
    ///
    /// - Throws: `Failure` where there is no such lane.
    func lanes(only wanted: Int16?) async throws -> [Lane] {
        let lanes = try await fetchAll(Queries.Log.fetchHeads()).map(\.lane).sorted()
        guard let wanted else { return lanes.map { Lane($0) } }
        guard lanes.contains(wanted) else {
            throw Failure(
                "the log has no lane \(wanted)", advice: "Its lanes are 0 to \(lanes.count - 1).", status: .usage)
        }
        return [Lane(wanted)]
    }
}

extension Sequence<UInt8> {
    /// Source: RFC 4648, section 4.
    var base64: String { Data(self).base64EncodedString() }
}

extension String {
    /// One line whose text cannot make a terminal do anything; its line feed stays.
    var escapedLine: String {
        hasSuffix("\n") ? String(dropLast()).escapedForTerminal + "\n" : escapedForTerminal
    }
}
