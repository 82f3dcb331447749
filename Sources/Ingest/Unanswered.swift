import FoundationEssentials
import ShareServers

/// Requests of an audit whose answers have not come yet; and the answers of late, for requests that come after them.
///
/// An answer says all that its request does, so that of a call of which both are known the answer alone is kept.
struct Unanswered: Sendable {
    struct Request: Sendable {
        let event: Event
        /// Has the key of the answer's event.
        let answer: Event
        let element: Slab.Element
    }

    /// As many again may be held. A Manila has some hundreds of calls under way at most.
    static let limit = 10_000

    private let limit: Int
    /// By the key of the answer's event; those of the older generation go when the younger is full.
    private var younger: [UUID: Request] = [:]
    private var older: [UUID: Request] = [:]
    private var youngerAnswers: Set<UUID> = []
    private var olderAnswers: Set<UUID> = []

    init(limit: Int = Unanswered.limit) { self.limit = limit }

    /// Holds a request back, unless its answer has come before.
    ///
    /// - Returns: Requests that have waited for too long, in the order of the input; mostly none.
    mutating func hold(_ request: Request) -> [Request] {
        let key = request.answer.key
        guard !youngerAnswers.contains(key), !olderAnswers.contains(key), older[key] == nil else { return [] }
        younger[key] = request
        guard younger.count >= limit else { return [] }
        defer {
            older = younger
            younger = [:]
        }
        return Self.ordered(older)
    }

    /// Lets go of the request of an answer.
    mutating func take(answer: Event) {
        younger[answer.key] = nil
        older[answer.key] = nil
        youngerAnswers.insert(answer.key)
        guard youngerAnswers.count >= limit else { return }
        olderAnswers = youngerAnswers
        youngerAnswers = []
    }

    /// Every request that is left, in the order of the input.
    mutating func popAll() -> [Request] {
        defer { (younger, older) = ([:], [:]) }
        return Self.ordered(older) + Self.ordered(younger)
    }

    private static func ordered(_ requests: [UUID: Request]) -> [Request] {
        requests.values.sorted { $0.element.number < $1.element.number }
    }
}
