/// A version of Manila's API, such as 2.63: what an answer holds hangs on the one that was asked for.
public struct Microversion: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let major: Int
    public let minor: Int

    /// The first and the newest that are known here.
    ///
    /// Source: Manila 23, `api/openstack/api_version_request.py`.
    public static let first = Microversion(2, 0)
    public static let newest = Microversion(2, 99)

    public init(_ major: Int, _ minor: Int) { (self.major, self.minor) = (major, minor) }

    /// Reads `2.63`; nil where it is not two numbers without leading zeros, the first above 0.
    public init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy(Self.isNumber), parts[0] != "0" else { return nil }
        // However large: later than any that there is.
        self.init(Int(parts[0]) ?? .max, Int(parts[1]) ?? .max)
    }

    /// Digits without a leading zero, however many.
    private static func isNumber(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) } && (text == "0" || !text.hasPrefix("0"))
    }

    public static func < (left: Self, right: Self) -> Bool { (left.major, left.minor) < (right.major, right.minor) }
    public var description: String { "\(major).\(minor)" }
}
