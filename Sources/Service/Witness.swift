import AsyncHTTPClient
import EventLog
import NIOCore
import NIOHTTP1
import Postgres
public import TransparencyLog

/// Somebody else who sees every checkpoint, cosigns only such as follow from the one before, and so makes a fork
/// impossible to keep from everybody.
///
/// - Source: C2SP tlog-witness.
public struct Witness: Sendable, Hashable {
    /// The submission prefix, without a slash at its end.
    public let url: String
    public let key: VerifierKey

    /// The longest answer: as many cosignatures as a note has.
    private static let answerBytes = 64 << 10
    private static let patience = TimeAmount.seconds(10)
    /// Attempts to find out what size the witness has seen.
    private static let attempts = 3

    /// Reads `URL+verifier key`, the key of a cosigner; nil for what is none.
    public init?(_ text: String) {
        guard let plus = text.firstIndex(of: "+"), let key = try? VerifierKey(String(text[text.index(after: plus)...])),
            key.type == .cosignature
        else { return nil }
        var url = text[..<plus]
        while url.last == "/" { url.removeLast() }
        guard url.hasPrefix("http://") || url.hasPrefix("https://"), url.utf8.count > 8 else { return nil }
        self.url = String(url)
        self.key = key
    }

    /// Why a witness did not cosign.
    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    /// Has a checkpoint cosigned.
    ///
    /// - Parameters:
    ///   - seen: The size that the witness has seen last, as far as is known.
    ///   - path: Proves that so many entries are a prefix of the checkpoint's.
    /// - Returns: What it signed, verified.
    /// - Throws: `Refusal`, and what the connection, or `path`, throws.
    func cosign(
        _ note: SignedNote, seen: UInt64, http: HTTPClient, path: (_ from: UInt64) async throws -> [MerkleHash]
    ) async throws -> [NoteSignature] {
        let size = try Checkpoint(text: note.text).size
        var old = seen
        for _ in 0..<Self.attempts {
            let lines = ["old \(old)"] + (try await path(old)).map(\.base64)
            var request = HTTPClientRequest(url: url + "/add-checkpoint")
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
            request.body = .bytes(ByteBuffer(string: lines.map { $0 + "\n" }.joined() + "\n\(note)"))
            let response = try await http.execute(request, timeout: Self.patience)
            let body = String(buffer: try await response.body.collect(upTo: Self.answerBytes))
            switch response.status.code {
            case 200: return try verified(body, note)
            case 409 where response.headers.first(name: "Content-Type") == "text/x.tlog.size":
                guard body.hasSuffix("\n"), let known = UInt64(body.dropLast()), known != old else {
                    throw Refusal(description: "it answers 409 without saying another size")
                }
                guard known <= size else {
                    throw Refusal(description: "it has seen \(known) entries, and there are only \(size): a fork")
                }
                old = known
            default: throw Refusal(description: "it answers \(response.status.code)")
            }
        }
        throw Refusal(description: "it says another size each time")
    }

    /// The cosignatures of an answer that are by the witness's key; those of others are not asked for.
    private func verified(_ body: String, _ note: SignedNote) throws(TransparencyError) -> [NoteSignature] {
        var ours: [NoteSignature] = []
        for line in body.split(separator: "\n") {
            let signature = try NoteSignature(line: String(line))
            if signature.name == key.name, signature.keyID == key.id { ours.append(signature) }
        }
        return try SignedNote(text: note.text, signatures: ours).verified(by: [key])
    }
}
