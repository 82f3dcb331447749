import HTTPTypes
import Hummingbird
import Ingest
import ShareServers

/// A version of Manila's API, such as 2.51.
struct Microversion: Comparable, CustomStringConvertible {
    let minor: Int

    /// Source: Manila 23, `api/openstack/api_version_request.py`.
    static let first = Microversion(minor: 0)
    static let last = Microversion(minor: 99)

    static func < (left: Microversion, right: Microversion) -> Bool { left.minor < right.minor }
    var description: String { "2.\(minor)" }

    /// What the header asks for; without one, the first.
    ///
    /// - Throws: 400 for what is no version, 406 for one that there is not, as Manila does.
    static func requested(_ header: String?) throws(ManilaFault) -> Microversion {
        guard let text = header?.trimmingBlanks, !text.isEmpty else { return .first }
        if text == "latest" { return .last }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, isNumber(parts[0]), parts[0] != "0", isNumber(parts[1]) else {
            throw ManilaFault(
                .badRequest, "API Version String \(text) is of invalid format. Must be of format MajorNum.MinorNum.")
        }
        guard parts[0] == "2", let minor = Int(parts[1]), minor <= last.minor else {
            throw ManilaFault(
                .notAcceptable,
                "Version \(text) is not supported by the API. Minimum is \(first) and maximum is \(last).",
                version: text)
        }
        return Microversion(minor: minor)
    }

    /// Digits without a leading zero, however many.
    private static func isNumber(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) } && (text == "0" || !text.hasPrefix("0"))
    }
}

extension Microversion {
    /// What Manila says of its versions at its root, and at the root of a moment; its clients ask before all else.
    ///
    /// Source: Manila 23, `api/versions.py`.
    static func document(_ request: Request) -> JSON {
        let host = request.head.authority.map { "http://\($0)" } ?? ""
        var path = request.uri.path[...]
        while path.last == "/" { path.removeLast() }
        let root = path.hasSuffix("/v2") ? path.dropLast(3) : path
        return [
            "versions": [
                [
                    "id": "v2.0", "status": "CURRENT", "version": .string(last.description),
                    "min_version": .string(first.description), "updated": "2015-08-27T11:33:21Z",
                    "links": [
                        ["rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"],
                        ["rel": "self", "href": .string("\(host)\(root)/v2/")],
                    ],
                    "media-types": [
                        ["base": "application/json", "type": "application/vnd.openstack.share+json;version=1"]
                    ],
                ]
            ]
        ]
    }
}
