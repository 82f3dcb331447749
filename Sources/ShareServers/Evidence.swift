import Crypto

/// A body as an event keeps it: whole, or as size, digest and start.
struct Evidence: Sendable {
    /// Nil for an empty body. What is no JSON is never kept whole.
    let whole: JSON?
    /// In place of `whole` where there is no room for it. Nil for an empty body.
    var omitted: JSON? { stub() }
    /// Made when it is asked for: most bodies are kept whole, and its digest takes as long as all the rest.
    private let stub: @Sendable () -> JSON?
    /// The redacted body; what is no JSON as it is omitted.
    let canonical: [UInt8]

    init(_ body: Body, raw: [UInt8], redaction: Redaction) {
        switch body {
        case .empty:
            (whole, stub, canonical) = (nil, { nil }, [])
        case .json(let value):
            var found = false
            let redacted = redaction.redact(value, found: &found)
            let text = redacted.canonical()
            whole = redacted
            canonical = text
            let sealing = found ? redaction : nil
            stub = {
                Self.omitted(raw, head: String(decoding: text.prefix(16_384), as: UTF8.self), sealedBy: sealing)
            }
        case .bytes(let bytes):
            let (head, isCut) = redaction.head(of: bytes)
            let omitted = Self.omitted(bytes, head: head, sealedBy: isCut ? redaction : nil)
            (whole, stub, canonical) = (omitted, { omitted }, omitted.canonical())
        case .cut(let bytes, let size):
            let (head, _) = redaction.head(of: Array(bytes.prefix(16_384)))
            // Nobody has looked for secrets in the rest.
            let omitted = Self.omitted(
                bytes: size.bytes, digest: redaction.seal(.string(size.sha256)), head: head)
            (whole, stub, canonical) = (omitted, { omitted }, omitted.canonical())
        }
    }

    /// - Parameter redaction: For a body that holds secrets, which a plain digest of it would let anyone guess at: the
    ///   digest is sealed then.
    private static func omitted(_ raw: [UInt8], head: String, sealedBy redaction: Redaction?) -> JSON {
        let digest = JSON.string(SHA256.hash(data: raw).hexadecimal)
        return omitted(bytes: raw.count, digest: redaction?.seal(digest) ?? digest, head: head)
    }

    private static func omitted(bytes: Int, digest: JSON, head: String) -> JSON {
        [
            "omitted": [
                "bytes": .number(Double(bytes)), "sha256": digest,
                "head": .string(head.clipped(characters: 1024, bytes: 6144)),
            ]
        ]
    }

    /// Which of two bodies to keep whole, in the order to try: both, the smaller alone, neither. Bodies that cannot
    /// fit are not tried.
    static func attempts(_ one: Evidence, _ other: Evidence?) -> [(Bool, Bool)] {
        let (first, second) = (one.canonical.count, other?.canonical.count ?? 0)
        var attempts: [(Bool, Bool)] = []
        if first + second <= Event.maximumBytes { attempts.append((true, true)) }
        if min(first, second) <= Event.maximumBytes { attempts.append(first <= second ? (true, false) : (false, true)) }
        return attempts + [(false, false)]
    }
}
