import Crypto
import HTTPTypes
import Hummingbird
import Ingest
import NIOCore
import ShareServers

extension Response {
    /// An answer whose body is the canonical form of `json`.
    init(
        json: JSON, status: HTTPResponse.Status = .ok, contentType: String = "application/json",
        headers: HTTPFields = [:]
    ) {
        self.init(bytes: json.canonical(), status: status, contentType: contentType, headers: headers)
    }

    init(
        bytes: [UInt8], status: HTTPResponse.Status = .ok, contentType: String = "application/json",
        headers: HTTPFields = [:]
    ) {
        var headers = headers
        headers[.contentType] = contentType
        self.init(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// An answer that says what it is true as of, with an ETag that stays while the rest of it does; 304 where the
    /// client has it already.
    ///
    /// Source: RFC 9110, sections 8.8.3 and 13.1.2.
    init(_ answer: [String: JSON], asOf: AsOf, to request: Request, headers: HTTPFields = [:]) {
        var headers = headers
        // All but as_of is written once, however long it is.
        let (before, after) = (answer.filter { $0.key < "as_of" }, answer.filter { $0.key > "as_of" })
        let parts = [before, after].map { JSON.object($0).canonical().dropFirst().dropLast() }
        func body(_ asOf: JSON) -> [UInt8] {
            var bytes: [UInt8] = [0x7B]
            for part in [parts[0], Array("\"as_of\":".utf8)[...] + asOf.canonical(), parts[1]] where !part.isEmpty {
                if bytes.count > 1 { bytes.append(0x2C) }
                bytes += part
            }
            return bytes + [0x7D]
        }
        let tag = "\"" + SHA256.hash(data: body(["positions": asOf.positions])).prefix(16).hexadecimal + "\""
        // Weak: the time and the lag in it change.
        headers[.eTag] = "W/" + tag
        headers[.cacheControl] = "no-cache"
        let known = (request.headers[.ifNoneMatch] ?? "").split(separator: ",").map { $0.trimmingBlanks }
        if known.contains(where: { $0 == "*" || $0 == tag || $0 == "W/" + tag }) {
            self.init(status: .notModified, headers: headers)
        } else {
            self.init(bytes: body(asOf.json), headers: headers)
        }
    }
}
