import HTTPTypes
import HummingbirdTesting
import NIOCore
import ShareServers

/// What came back.
struct Answer: Sendable, CustomStringConvertible {
    let status: Int
    let headers: HTTPFields
    let body: [UInt8]

    init(_ response: TestResponse) {
        status = Int(response.status.code)
        headers = response.headers
        body = Array(response.body.readableBytesView)
    }

    var text: String { String(decoding: body, as: UTF8.self) }
    /// Null where the body is none.
    var json: JSON { (try? JSON(parsing: body)) ?? .null }
    var contentType: String? { headers[.contentType] }
    var tag: String? { headers[.eTag] }

    /// The target of `Link: <…>; rel="next"`. Source: RFC 8288, section 3.
    var next: String? {
        guard let link = headers[HTTPField.Name("Link")!] else { return nil }
        return link.wholeMatch(of: #/<([^>]*)>; rel="next"/#).map { String($0.1) }
    }

    /// Whether it is a problem of this status that names the parameter. Source: RFC 9457, section 3.
    func isProblem(_ status: Int, parameter: String? = nil) -> Bool {
        let members = json.object ?? [:]
        return self.status == status && contentType == "application/problem+json"
            && members["status"] == .number(Double(status)) && members["type"] == "about:blank"
            && members["title"]?.string?.isEmpty == false && members["detail"]?.string?.isEmpty == false
            && members["parameter"] == parameter.map { .string($0) }
    }

    var description: String { "\(status) \(text.prefix(2000))" }
}

extension JSON {
    /// The value that a path of names and numbers leads to; nil where it leads nowhere.
    subscript(path: [String]) -> JSON? {
        path.reduce(self) { (value: JSON?, name) in
            guard let value else { return nil }
            if let elements = value.array, let index = Int(name), elements.indices.contains(index) {
                return elements[index]
            }
            return value[name]
        }
    }

    /// What stands at `a.b.0.c`.
    func at(_ path: String) -> JSON? { self[path.split(separator: ".").map(String.init)] }

    /// The same member of every element.
    func column(_ name: String) -> [JSON] { (array ?? []).map { $0[name] ?? .null } }
}
