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
        var answer = answer
        var headers = headers
        answer["as_of"] = ["positions": asOf.positions]
        let tag = "\"" + SHA256.hash(data: JSON.object(answer).canonical()).prefix(16).hexadecimal + "\""
        // Weak: the time and the lag in it change.
        headers[.eTag] = "W/" + tag
        headers[.cacheControl] = "no-cache"
        let known = (request.headers[.ifNoneMatch] ?? "").split(separator: ",").map { $0.trimmingBlanks }
        if known.contains(where: { $0 == "*" || $0 == tag || $0 == "W/" + tag }) {
            self.init(status: .notModified, headers: headers)
        } else {
            answer["as_of"] = asOf.json
            self.init(json: .object(answer), headers: headers)
        }
    }
}
