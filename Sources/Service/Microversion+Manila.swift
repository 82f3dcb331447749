import HTTPTypes
import Hummingbird
import Ingest
import ShareServers

extension Microversion {
    /// What the header asks for; without one, the first.
    ///
    /// - Throws: 400 for what is no version, 406 for one that there is not, as Manila does.
    static func requested(_ header: String?) throws(ManilaFault) -> Microversion {
        guard let text = header?.trimmingBlanks, !text.isEmpty else { return .first }
        if text == "latest" { return .newest }
        guard let version = Microversion(text) else {
            throw ManilaFault(
                .badRequest, "API Version String \(text) is of invalid format. Must be of format MajorNum.MinorNum.")
        }
        guard (first...newest).contains(version) else {
            throw ManilaFault(
                .notAcceptable,
                "Version \(text) is not supported by the API. Minimum is \(first) and maximum is \(newest).",
                version: text)
        }
        return version
    }

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
                    "id": "v2.0", "status": "CURRENT", "version": .string(newest.description),
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
