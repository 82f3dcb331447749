/// Where a text stops being the JSON that Dossier takes, and why.
public struct JSONFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// Bytes from the beginning.
    public let offset: Int
    public let reason: String

    public init(offset: Int, reason: String) {
        self.offset = offset
        self.reason = reason
    }

    public var description: String { "byte \(offset): \(reason)" }
}
