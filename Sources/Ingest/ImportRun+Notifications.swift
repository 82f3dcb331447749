import EventLog
import ShareServers

/// From the notifications of an audit to calls: an answer at once, a request when no answer has come.
extension ImportRun {
    mutating func take(_ halves: [(element: Slab.Element, output: AuditedHalf?)]) async throws {
        var answers: [(event: Event, element: Slab.Element)] = []
        var overdue: [Unanswered.Request] = []
        for (element, half) in halves {
            guard let half else {
                report.skipped += 1
                continue
            }
            if let answer = half.answer {
                overdue += unanswered.hold(Unanswered.Request(event: half.event, answer: answer, element: element))
            } else {
                unanswered.take(answer: half.event)
                answers.append((half.event, element))
            }
        }
        try await submit(answers.map(\.event), answers.map(\.element))
        try await submit(overdue)
    }

    /// Hands over requests without answers, unless the log has the answer from another file.
    mutating func submit(_ requests: [Unanswered.Request]) async throws {
        let isAnswered = try await log.holds(requests.map(\.answer))
        let left = zip(requests, isAnswered).filter { !$0.1 }.map(\.0)
        report.known += requests.count - left.count
        try await submit(left.map(\.event), left.map(\.element))
    }
}
