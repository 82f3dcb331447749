/// What became of one appended event. It is durable when the receipt exists.
public struct Receipt: Sendable, Hashable {
    public enum Outcome: Sendable, Hashable {
        /// It is in the log now, and was not before.
        case appended
        /// The same source, id, time and content was in the log already; nothing was added.
        case known
        /// Its source, id and time were used before for other content, which stands at `position`; nothing was added.
        case conflict
    }
    public let outcome: Outcome
    /// Where the event, or what it conflicts with, stands.
    public let position: Position

    public init(outcome: Outcome, position: Position) {
        self.outcome = outcome
        self.position = position
    }
}
