import FoundationEssentials
import Postgres
import ShareServers

/// An exchange out of an HTTP archive, with the origin that it was sent to.
struct ArchivedExchange: Sendable {
    let exchange: Exchange
    /// Scheme, host and port of the request's URL, such as `http://127.0.0.1:28900`.
    let origin: String

    /// Reads one member of `log.entries`.
    ///
    /// Source: HAR 1.2, sections 3.1 and following.
    ///
    /// - Throws: `.malformed`, or `.invalid` naming the member that is missing or not what it should be.
    init(har bytes: UnsafeRawBufferPointer) throws(EventError) {
        let entry: JSON
        do throws(JSONFault) {
            entry = try JSON(parsing: bytes)
        } catch {
            throw .malformed(offset: error.offset, reason: error.reason)
        }
        let request = try Self.object(entry["request"], "request")
        let response = try Self.object(entry["response"], "response")
        let (origin, target) = try Self.divide(Self.text(request["url"], "request.url"))
        let started = try Self.text(entry["startedDateTime"], "startedDateTime")
        guard let startedAt = Timestamp(started) else {
            throw .invalid(attribute: "startedDateTime", reason: "an RFC 3339 time on a date that exists is expected")
        }
        guard let status = response["status"]?.int, (0...999).contains(status) else {
            throw .invalid(attribute: "response.status", reason: "an HTTP status code is expected")
        }
        self.origin = origin
        exchange = Exchange(
            method: try Self.text(request["method"], "request.method"), target: target,
            requestHeaders: Self.headers(request["headers"]),
            requestBody: try Self.body(request["postData"], "request.postData"),
            startedAt: startedAt, duration: Self.duration(entry["time"]), status: status,
            responseHeaders: Self.headers(response["headers"]),
            responseBody: try Self.body(response["content"], "response.content"))
    }

    private static func object(_ value: JSON?, _ name: String) throws(EventError) -> JSON {
        guard let value, value.object != nil else { throw .invalid(attribute: name, reason: "an object is expected") }
        return value
    }

    private static func text(_ value: JSON?, _ name: String) throws(EventError) -> String {
        guard let text = value?.string, !text.isEmpty else {
            throw .invalid(attribute: name, reason: "a string that is not empty is expected")
        }
        return text
    }

    /// A URL's origin, without user and password, and its path with the query.
    private static func divide(_ url: String) throws(EventError) -> (origin: String, target: String) {
        guard let scheme = url.firstRange(of: "://"),
            ["http", "https"].contains(url[..<scheme.lowerBound].lowercased())
        else { throw .invalid(attribute: "request.url", reason: "an http or https URL is expected") }
        let rest = url[scheme.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let host = rest[..<end].split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        guard !host.isEmpty else { throw .invalid(attribute: "request.url", reason: "it names no host") }
        let path = rest[end...].prefix { $0 != "#" }
        let origin = url[..<scheme.lowerBound].lowercased() + "://" + host.lowercased()
        return (origin, path.hasPrefix("/") ? String(path) : "/" + String(path))
    }

    private static func headers(_ value: JSON?) -> [(name: String, value: String)] {
        (value?.array ?? []).compactMap { header in
            guard let name = header["name"]?.string, let value = header["value"]?.string else { return nil }
            return (name, value)
        }
    }

    /// Milliseconds; -1 is the archive's word for unknown.
    private static func duration(_ value: JSON?) -> Duration {
        guard let milliseconds = value?.number, milliseconds >= 0, milliseconds < 1e12 else { return .seconds(-1) }
        return .microseconds(Int64((milliseconds * 1000).rounded()))
    }

    private static func body(_ value: JSON?, _ name: String) throws(EventError) -> [UInt8] {
        guard let text = value?["text"]?.string else { return [] }
        guard value?["encoding"]?.string == "base64" else { return Array(text.utf8) }
        guard let bytes = Data(base64Encoded: text) else {
            throw .invalid(attribute: "\(name).text", reason: "it is not the base64 that 'encoding' says it is")
        }
        return Array(bytes)
    }
}
