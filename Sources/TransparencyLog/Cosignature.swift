/// A witness's statement that, at a time, a checkpoint was the largest and consistent one that it had seen of a log.
///
/// - Source: C2SP tlog-cosignature, Ed25519.
public struct Cosignature: Sendable, Hashable {
    /// Seconds since 1970; below 2^63.
    public let time: UInt64
    let signature: [UInt8]

    init(time: UInt64, signature: [UInt8]) {
        self.time = time
        self.signature = signature
    }

    /// Reads the bytes of a note's signature: eight of the time, 64 of Ed25519. Nil for others.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == 72 else { return nil }
        time = bytes[..<8].reduce(0) { $0 << 8 | UInt64($1) }
        signature = Array(bytes[8...])
        guard time < 1 << 63 else { return nil }
    }

    var bytes: [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: time >> (56 - 8 * $0)) } + signature }

    /// What is signed.
    static func message(_ text: String, time: UInt64) -> [UInt8] { Array("cosignature/v1\ntime \(time)\n\(text)".utf8) }
}
