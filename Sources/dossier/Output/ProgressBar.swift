import Synchronization

/// How far a long piece of work has come, as one line.
struct ProgressLine: Sendable {
    /// What is being done, such as `Verifying`.
    let label: String
    /// What is counted, such as `entries`; `bytes` are written as MB.
    let unit: String
    let done: Int64
    /// Nil where nobody knows.
    let total: Int64?
    let elapsed: Duration

    /// At most `width` columns; the bar takes what the numbers leave.
    func text(width: Int) -> String {
        let seconds = elapsed / .seconds(1)
        let rate = seconds > 0 ? Double(done) / seconds : 0
        var facts: [String] = []
        var bar: String?
        if let total, total > 0 {
            let share = min(max(Double(done) / Double(total), 0), 1)
            facts.append("\(Int(share * 100)) %")
            facts.append("\(amount(done)) of \(amount(total)) \(unitText)")
            facts.append("\(amount(Int64(rate))) \(unitText)/s")
            if rate > 0, done < total, seconds >= 1 {
                facts.append("\(Span(microseconds: Int64(Double(total - done) / rate * 1e6))) left")
            }
            let room = min(width - label.columns - facts.joined(separator: "  ").columns - 6, 40)
            if room >= 10 {
                let full = Int(share * Double(room))
                bar = "▕" + String(repeating: "█", count: full) + String(repeating: "·", count: room - full) + "▏"
            }
        } else {
            facts = ["\(amount(done)) \(unitText)", "\(amount(Int64(rate))) \(unitText)/s"]
        }
        return ([label] + [bar].compactMap { $0 } + facts).joined(separator: "  ").clipped(to: width)
    }

    private var unitText: String { unit == "bytes" ? "MB" : unit }

    private func amount(_ count: Int64) -> String {
        guard unit == "bytes" else { return count.grouped }
        let tenths = count / 100_000
        return tenths < 1000 ? "\(tenths / 10).\(tenths % 10)" : (tenths / 10).grouped
    }
}

extension Int64 {
    /// The number with a comma before every third digit from the right.
    var grouped: String {
        let digits = String(magnitude)
        var grouped = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { grouped.append(",") }
            grouped.append(digit)
        }
        return self < 0 ? "-" + grouped : grouped
    }
}

/// A line on standard error that is kept up to date; nothing at all where that is no terminal.
final class ProgressBar: Sendable {
    private let label: String
    private let unit: String
    private let terminal: Terminal
    private let start = ContinuousClock.now
    private let drawn = Mutex<ContinuousClock.Instant?>(nil)

    /// The line is drawn no more often: more cannot be read, and costs.
    private static let pause = Duration.milliseconds(100)

    init(_ label: String, unit: String, terminal: Terminal = .standardError) {
        self.label = label
        self.unit = unit
        self.terminal = terminal
    }

    func report(_ done: Int64, of total: Int64?) {
        guard terminal.isTerminal else { return }
        let now = ContinuousClock.now
        let isDue = drawn.withLock { drawn in
            if let drawn, now < drawn + Self.pause, done != total { return false }
            drawn = now
            return true
        }
        guard isDue else { return }
        let line = ProgressLine(label: label, unit: unit, done: done, total: total, elapsed: now - start)
        Output.diagnostics.post("\r\u{1B}[K" + line.text(width: max((terminal.width ?? 80) - 1, 20)))
    }

    /// Takes the line away.
    func clear() async {
        guard drawn.withLock({ $0 }) != nil else { return }
        Output.diagnostics.post("\r\u{1B}[K")
        await Output.diagnostics.drain()
    }
}
