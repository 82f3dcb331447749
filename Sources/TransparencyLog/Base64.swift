import FoundationEssentials

/// Source: RFC 4648, section 4.
enum Base64 {
    /// Nil for what is not exactly what `text` of some bytes is: no blanks, no other alphabet, no bits to spare.
    static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        guard let data = Data(base64Encoded: String(text)), data.base64EncodedString() == text else { return nil }
        return Array(data)
    }

    static func text(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}

extension MerkleHash {
    /// Nil where `base64` is not the base64 of 32 bytes.
    public init?(base64 text: some StringProtocol) {
        guard let bytes = Base64.bytes(text) else { return nil }
        self.init(bytes)
    }

    public var base64: String { Base64.text(bytes) }
}

extension UInt64 {
    /// Nil for what is not the decimal form of a number, without a sign or zeros before it.
    init?(decimal text: some StringProtocol) {
        guard let number = UInt64(text), "\(number)" == text else { return nil }
        self = number
    }
}
