import Crypto
public import FoundationEssentials

/// One total order of entries and one Merkle tree; every event of a server is in the same lane.
public struct Lane: Sendable, Hashable, Comparable, ExpressibleByIntegerLiteral, CustomStringConvertible {
    /// 0...1023.
    public let number: Int16

    public init(_ number: Int16) { self.number = number }
    public init(integerLiteral value: Int16) { self.init(value) }

    /// The lane of a server in a log of `lanes` lanes; events that name no server are in lane 0.
    ///
    /// The first four bytes of the SHA-256 of the UUID's 16 bytes, big-endian, modulo `lanes`. Fixed for ever: changing
    /// it would scatter a server's past.
    public init(of server: UUID?, lanes: Int16) {
        guard let server, lanes > 1 else {
            self.init(0)
            return
        }
        let digest = withUnsafeBytes(of: server.uuid) { SHA256.hash(data: $0) }
        let first = digest.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        self.init(Int16(first % UInt32(lanes)))
    }

    public static func < (left: Lane, right: Lane) -> Bool { left.number < right.number }
    public var description: String { String(number) }
}
