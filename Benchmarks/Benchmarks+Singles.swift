import Foundation

extension Benchmarks {
    /// Events that are written down for `wrk`, more than any machine takes in its time.
    private static let prepared = 300_000
    private static let time = 10

    /// Events a second that `clients` get who push single events, each waiting for its answer before the next.
    ///
    /// The clients are `wrk`'s, as the ceiling's are `pgbench`'s: both in C, so that what is measured is the service and
    /// not who asks it.
    func pushSingles(clients: Int) async throws -> Double {
        let events = directory + "/singles.ndjson"
        var workload = Workload(seed: UInt64(clients))
        try workload.write(Self.prepared, to: events)
        let script = directory + "/singles.lua"
        try """
        local threads = 0
        function setup(thread) thread:set("number", threads); threads = threads + 1 end
        function init(arguments)
            requests, sent = {}, 0
            local read = 0
            for line in io.lines(arguments[1]) do
                if read % 2 == number then
                    local headers = {["Content-Type"] = "application/cloudevents+json"}
                    requests[#requests + 1] = wrk.format("POST", "/v1/events", headers, line)
                end
                read = read + 1
            end
        end
        function request() sent = sent + 1; return requests[sent] end

        """.write(toFile: script, atomically: true, encoding: .utf8)
        let url = try await database("singles")
        let said = try await serving(url) { service in
            try await command(
                [
                    "wrk", "--threads=2", "--connections=\(clients)", "--duration=\(Self.time)s", "--script=\(script)",
                    service, "--", events,
                ], database: url)
        }
        try FileManager.default.removeItem(atPath: events)
        let lines = said.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        guard !lines.contains(where: { $0.hasPrefix("Non-2xx") || $0.hasPrefix("Socket errors") }),
            let rate = lines.first(where: { $0.hasPrefix("Requests/sec:") })?.split(separator: " ").last,
            let events = Double(rate)
        else { throw BenchmarkFault("wrk said: \(said)") }
        return events
    }
}
