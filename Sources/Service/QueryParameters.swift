import FoundationEssentials
import HTTPTypes
import Hummingbird
import Postgres
import ShareServers

/// The query of a request, whose every parameter must be known and valid.
struct QueryParameters {
    /// The longest value of one parameter. Source: no name of Manila's is longer than 255 characters.
    static let longest = 1024
    private let values: [String: String]

    /// - Throws: A problem naming the first parameter that is not among `known`, comes twice, or is too long.
    init(_ request: Request, known: [String]) throws(Problem) {
        var values: [String: String] = [:]
        for (name, value) in request.uri.queryParameters {
            let name = String(name)
            let value = String(value)
            guard known.contains(name) else {
                throw .parameter(
                    String(name.prefix(64)),
                    known.isEmpty
                        ? "there are no parameters here"
                        : "it is not known here; known are \(known.joined(separator: ", "))")
            }
            guard values[name] == nil else { throw .parameter(name, "it is given twice") }
            guard value.utf8.count <= Self.longest else {
                throw .parameter(name, "it is longer than \(Self.longest) bytes")
            }
            guard !value.utf8.contains(0) else { throw .parameter(name, "it holds a NUL character") }
            values[name] = value
        }
        self.values = values
    }

    /// Nil where it is not given; an empty value is a problem.
    func text(_ name: String) throws(Problem) -> String? {
        guard let value = values[name] else { return nil }
        guard !value.isEmpty else { throw .parameter(name, "it is empty; leave it out instead") }
        return value
    }

    private func parsed<Value>(
        _ name: String, _ expected: String, _ parse: (String) -> Value?
    ) throws(Problem) -> Value? {
        guard let text = try text(name) else { return nil }
        guard let value = parse(text) else { throw .parameter(name, "\(expected) is expected") }
        return value
    }

    func time(_ name: String) throws(Problem) -> Timestamp? {
        // A '+' in a query that was not encoded arrives as a space.
        try parsed(name, "an RFC 3339 time, such as 2026-11-23T09:55:00Z,") {
            Timestamp($0) ?? Timestamp($0.replacing(" ", with: "+"))
        }
    }

    func uuid(_ name: String) throws(Problem) -> UUID? {
        try parsed(name, "a UUID") { $0.utf8.count == 36 ? UUID(uuidString: $0) : nil }
    }

    func bool(_ name: String) throws(Problem) -> Bool? {
        try parsed(name, "true or false") { ["true": true, "false": false][$0] }
    }

    func lane(_ name: String, lanes: Int16) throws(Problem) -> Int16? {
        try parsed(name, "a lane from 0 to \(lanes - 1)") { Int16($0).flatMap { (0..<lanes).contains($0) ? $0 : nil } }
    }

    func statusClass(_ name: String) throws(Problem) -> StatusClass? {
        try parsed(name, "one of \(StatusClass.allCases.map(\.rawValue).joined(separator: ", "))") {
            StatusClass(rawValue: $0)
        }
    }

    func operation(_ name: String) throws(Problem) -> ShareServers.Operation? {
        try parsed(name, "one of \(ShareServers.Operation.allCases.map(\.rawValue).joined(separator: ", "))") {
            ShareServers.Operation(rawValue: $0)
        }
    }

    /// Rows of a page: 100 unless told otherwise.
    func limit() throws(Problem) -> Int32 {
        try parsed("limit", "a whole number from 1 to 1000") {
            Int32($0).flatMap { (1...1000).contains($0) ? $0 : nil }
        } ?? 100
    }

    func cursor() throws(Problem) -> Cursor? {
        guard let text = try text("cursor") else { return nil }
        return try Cursor(text)
    }

    /// A code, such as 409, or a class, such as 4xx; as a range of codes.
    func httpStatus(_ name: String) throws(Problem) -> Range<Int32>? {
        try parsed(name, "a status code, such as 409, or a class, such as 4xx,") { text in
            if let code = Int32(text), (100...599).contains(code) { return code..<code + 1 }
            guard text.utf8.count == 3, text.hasSuffix("xx"), let first = Int32(text.prefix(1)), (1...5).contains(first)
            else { return nil }
            return first * 100..<first * 100 + 100
        }
    }
}

extension Request {
    /// `Link` to the next page: this request with another cursor. Source: RFC 8288.
    func nextLink(_ cursor: String) -> HTTPFields {
        var query = uri.queryParameters.filter { $0.key != "cursor" }.map { key, value in
            "\(Self.encoded(String(key)))=\(Self.encoded(String(value)))"
        }
        query.append("cursor=\(cursor)")
        return [.link: "<\(uri.path)?\(query.joined(separator: "&"))>; rel=\"next\""]
    }

    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E:
                encoded.unicodeScalars.append(Unicode.Scalar(byte))
            default: encoded += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return encoded
    }
}

extension HTTPField.Name {
    static let link = HTTPField.Name("Link")!
}
