/// What became of an input.
public struct ImportReport: Sendable, Hashable {
    public let input: String
    public internal(set) var format: Format
    /// Bytes read.
    public internal(set) var bytes: Int64 = 0
    /// Events that are in the log now and were not before.
    public internal(set) var appended = 0
    /// Events that were in the log already, or said nothing that it did not have of that moment.
    public internal(set) var known = 0
    /// Events whose id was used before with other content; not kept.
    public internal(set) var conflicts = 0
    /// Elements that gave no event.
    public internal(set) var faults = 0
    /// Exchanges of an archive that are no calls to the share-server API, and notifications that tell of none.
    public internal(set) var skipped = 0
    /// Exchanges of an archive that are.
    public internal(set) var exchanges = 0
    /// The first thousand faults and conflicts, in order.
    public internal(set) var firstFaults: [Fault] = []

    static let keptFaults = 1000

    /// Events read and settled.
    public var events: Int { appended + known + conflicts }
}
