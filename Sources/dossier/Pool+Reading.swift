import EventLog
import FoundationEssentials
import Postgres
import Queries
import Schema

extension Pool {
    /// Connections for a command that walks the log: without rights to change it.
    static func reading(url: String) throws -> Pool {
        Pool(
            url: url, limit: 1,
            setup: [Role.reader.setup, "SET application_name = 'dossier'", "SET statement_timeout = 0"])
    }

    /// The lane of the log that is asked for.
    ///
    /// - Throws: `Failure` where there is no such lane.
    func lane(_ wanted: Int16) async throws -> Lane {
        let lanes = try await fetchAll(Queries.Log.fetchHeads()).map(\.lane)
        guard lanes.contains(wanted) else { throw Failure.noLane(wanted, lanes: lanes) }
        return Lane(wanted)
    }
}

extension Failure {
    static func noLane(_ wanted: Int16, lanes: [Int16]) -> Failure {
        Failure(
            "the log has no lane \(wanted)",
            advice: "Its lanes are \(lanes.map { "\($0)" }.joined(separator: ", ")).", status: .usage)
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
