import FoundationEssentials
import HTTPTypes
import Postgres
import ShareServers

/// Where the next page begins; opaque to clients.
///
/// Inside: the canonical JSON of a version and the keys of the last row, in base64url. It tells nothing that the page
/// did not, so it is not signed; every member of it is checked again.
struct Cursor {
    private static let version = "1"

    let members: [String: JSON]

    init(_ members: [String: JSON]) { self.members = members }

    var text: String {
        var members = members
        members["v"] = .string(Self.version)
        return Data(JSON.object(members).canonical()).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// - Throws: A problem that names the parameter.
    init(_ text: String) throws(Problem) {
        var base64 = text.replacing("-", with: "+").replacing("_", with: "/")
        base64 += String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: base64), let value = try? JSON(parsing: Array(data)),
            let members = value.object, members["v"]?.string == Self.version
        else { throw Self.refused }
        self.members = members
    }

    static let refused = Problem.parameter(
        "cursor", "it is none of ours; take 'next_cursor' of the page before as it is")

    func int(_ name: String) throws(Problem) -> Int64 {
        guard let value = members[name]?.int, value >= 0 else { throw Self.refused }
        return Int64(value)
    }

    func lane(_ name: String = "lane") throws(Problem) -> Int16 {
        guard let value = Int16(exactly: try int(name)) else { throw Self.refused }
        return value
    }

    func time(_ name: String) throws(Problem) -> Timestamp {
        guard let value = Timestamp(try string(name)) else { throw Self.refused }
        return value
    }

    func string(_ name: String) throws(Problem) -> String {
        guard let value = members[name]?.string else { throw Self.refused }
        return value
    }
}
