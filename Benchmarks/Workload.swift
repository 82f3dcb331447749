import Foundation
import Generator

/// The events that are measured with: a fleet of two thousand servers, 600 to 1,000 bytes an event.
struct Workload {
    private var generator: Generator

    init(seed: UInt64) {
        var fleet = Generator.Fleet()
        fleet.servers = 2_000
        fleet.hosts = 16
        fleet.projects = 64
        generator = Generator(seed: seed, fleet: fleet)
    }

    /// The next event as one line of NDJSON without its line feed.
    mutating func nextEvent() -> String { generator.next()! }

    /// Writes `events` lines to a file.
    mutating func write(_ events: Int, to path: String) throws {
        guard let file = fopen(path, "w") else { throw BenchmarkFault("cannot write \(path)") }
        defer { fclose(file) }
        for _ in 0..<events { fputs(nextEvent() + "\n", file) }
    }
}

/// Why a benchmark could not be run.
struct BenchmarkFault: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
