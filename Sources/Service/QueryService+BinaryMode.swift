import FoundationEssentials
import HTTPTypes
import Hummingbird
import Ingest
import ShareServers

extension QueryService {
    /// One event whose attributes are headers and whose data is the body, as a JSON object.
    ///
    /// Source: CloudEvents, HTTP protocol binding 1.0, section 3.1.
    static func binaryMode(_ request: Request, _ body: PushBody) async throws -> [UInt8] {
        var members = try attributes(request)
        let contentType = (request.headers[.contentType] ?? "").trimmingBlanks
        let type = mediaType(request)
        if !contentType.isEmpty, contentType != "application/json" { members["datacontenttype"] = .string(contentType) }
        var bytes: [UInt8] = []
        for try await chunk in body {
            bytes.append(contentsOf: chunk)
            guard bytes.count <= binaryModeBytes else {
                throw Problem(
                    .contentTooLarge,
                    "the body of an event in binary mode has at most \(binaryModeBytes) bytes, and an event 65,535")
            }
        }
        if !bytes.isEmpty {
            if type.isEmpty || type == "application/json" || type.hasSuffix("+json") {
                do throws(JSONFault) {
                    members["data"] = try JSON(parsing: bytes)
                } catch {
                    throw Problem(.badRequest, "the body is not JSON at byte \(error.offset): \(error.reason)")
                }
            } else {
                members["data_base64"] = .string(Data(bytes).base64EncodedString())
            }
        }
        return JSON.object(members).canonical()
    }

    /// Source: chosen; room for an event of the greatest size in any encoding of its data.
    private static let binaryModeBytes = 1 << 20

    private static func attributes(_ request: Request) throws(Problem) -> [String: JSON] {
        var members: [String: JSON] = [:]
        for field in request.headers {
            let name = field.name.canonicalName
            // The type of the data is the body's, by Content-Type. Source: the same, section 3.1.1.
            guard name.hasPrefix("ce-"), name != "ce-datacontenttype" else { continue }
            guard let value = Percent.decodeExactly(unquoted(field.value).utf8) else {
                throw Problem(.badRequest, "header '\(name)': percent-encoded UTF-8 is expected")
            }
            guard members.updateValue(.string(value), forKey: String(name.dropFirst(3))) == nil else {
                throw Problem(.badRequest, "header '\(name)' is given twice")
            }
        }
        return members
    }

    /// The text of a quoted string; what is none stays.
    ///
    /// Source: the same, section 3.1.3.2; RFC 9110, section 5.6.4.
    private static func unquoted(_ value: String) -> String {
        let scalars = value.unicodeScalars
        guard scalars.count >= 2, scalars.first == "\"", scalars.last == "\"" else { return value }
        var text = String.UnicodeScalarView()
        var isEscaped = false
        for scalar in scalars.dropFirst().dropLast() {
            if !isEscaped, scalar == "\\" {
                isEscaped = true
                continue
            }
            // A quote in the middle: it is no quoted string as a whole.
            if !isEscaped, scalar == "\"" { return value }
            text.append(scalar)
            isEscaped = false
        }
        return isEscaped ? value : String(text)
    }
}
