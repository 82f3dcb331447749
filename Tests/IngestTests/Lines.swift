import ShareServers

/// Events as lines of NDJSON.
enum Lines {
    static let servers = (0..<7).map { "0f8a4c1e-0000-4000-8000-00000000000\($0)" }

    /// A valid event, in canonical form; equal numbers give equal events. With `padding`, `data` is that much longer.
    static func line(_ number: Int, padding: Int = 0) -> String {
        let (hours, minutes, seconds) = (number / 3600 % 24, number / 60 % 60, number % 60)
        let time = "2026-11-23T\(two(hours)):\(two(minutes)):\(two(seconds))Z"
        let subject = number % 8 == 7 ? "" : #""subject":"\#(servers[number % 8])","#
        return #"{"data":{"http_status":200,"operation":"show","padding":"\#(String(repeating: "x", count: padding))","#
            + #""request_id":"req-\#(number)"},"id":"e\#(number)","source":"/test","specversion":"1.0","#
            + subject + #""time":"\#(time)","type":"\#(EventType.call)"}"#
    }

    static func text(_ numbers: Range<Int>) -> String { numbers.map { line($0) + "\n" }.joined() }

    static func array(_ numbers: Range<Int>) -> String { "[" + numbers.map { line($0) }.joined(separator: ",\n") + "]" }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
