/// Where a piece of a log is served: up to 256 hashes of one level of its tree, or up to 256 entries.
///
/// - Source: C2SP tlog-tiles.
public struct Tile: Sendable, Hashable {
    public enum Content: Sendable, Hashable {
        /// Hashes of subtrees of 256 to the power of the level leaves, 0...63; of level 0 the leaves' own.
        case hashes(level: Int)
        /// The leaves themselves.
        case entries
    }

    public let content: Content
    /// From 0 at the left.
    public let index: UInt64
    /// Hashes or entries in it, 1...256; with fewer than 256 it is partial.
    public let width: Int

    /// Hashes or entries of a whole tile.
    public static let fullWidth = 256

    public init(_ content: Content, index: UInt64, width: Int = fullWidth) {
        self.content = content
        self.index = index
        self.width = width
    }

    /// Reads what stands after `/tile/`, such as `0/x001/x234/067.p/112` or `entries/000`. Nil for what is none.
    public init?(path: String) {
        var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)[...]
        guard let kind = parts.popFirst() else { return nil }
        if kind == "entries" {
            content = .entries
        } else {
            guard let level = UInt64(decimal: kind), level < 64 else { return nil }
            content = .hashes(level: Int(level))
        }
        var width = Self.fullWidth
        if let last = parts.dropLast().last, last.hasSuffix(".p") {
            guard let partial = UInt64(decimal: parts.removeLast()), (1..<UInt64(Self.fullWidth)).contains(partial)
            else { return nil }
            width = Int(partial)
            parts.append(String(parts.removeLast().dropLast(2)))
        }
        self.width = width
        var index: UInt64 = 0
        for part in parts {
            let digits = part.hasPrefix("x") ? part.dropFirst() : part[...]
            guard digits.utf8.count == 3, let number = UInt64(digits) else { return nil }
            let (shifted, overflows) = index.multipliedReportingOverflow(by: 1000)
            guard !overflows, shifted <= UInt64.max - 999 else { return nil }
            index = shifted + number
        }
        self.index = index
        // Every other way to write it is none.
        guard self.path == path else { return nil }
    }

    /// What stands after `/tile/`.
    public var path: String {
        var digits = [Self.three(index % 1000)]
        var rest = index / 1000
        while rest > 0 {
            digits.insert("x" + Self.three(rest % 1000), at: 0)
            rest /= 1000
        }
        let kind =
            switch content {
            case .hashes(let level): "\(level)"
            case .entries: "entries"
            }
        return "\(kind)/\(digits.joined(separator: "/"))" + (width < Self.fullWidth ? ".p/\(width)" : "")
    }

    private static func three(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 3 - digits.utf8.count) + digits
    }

    /// Which of the hashes of its level, or of the entries, it holds; nil where no tree is so large.
    public var indices: Range<UInt64>? {
        let (first, overflows) = index.multipliedReportingOverflow(by: UInt64(Self.fullWidth))
        guard !overflows, first <= UInt64.max - UInt64(Self.fullWidth) else { return nil }
        return first..<first + UInt64(width)
    }

    /// Whether a tree of `size` leaves has all of it.
    public func isWhole(in size: UInt64) -> Bool {
        guard let indices else { return false }
        let level = if case .hashes(let level) = content { level } else { 0 }
        guard level * Subtree.height < 64 else { return false }
        return indices.upperBound <= size >> UInt64(level * Subtree.height)
    }
}
