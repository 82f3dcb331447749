import DatabaseTesting
import EventLog
import Foundation
import Ingest
import Synchronization
import Testing

/// Inputs larger than what an import may hold at once.
@Suite(.log) struct FlatMemoryTests {
    /// What was seen of an import while it ran.
    private struct Seen {
        /// The most bytes that were read and not yet settled.
        var held: Int64 = 0
        /// The most memory that the process had.
        var resident: Int64 = 0
    }

    /// The memory of this process, in bytes.
    private static func resident() throws -> Int64 {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return try #require(line.split(separator: " ").compactMap { Int64($0) }.first) << 10
    }

    #if os(Linux)
        @Test("An import takes a pipe of 200 MB with a few megabytes of memory", .timeLimit(.minutes(20)))
        func flat() async throws {
            // A process of its own: the memory of this one is that of all tests that run meanwhile.
            await #expect(processExitsWith: .success) { [url = DatabaseTrait.url as String] in
                try await Self.importLargePipe(url)
            }
        }

        @Test("An archive of 150 MB is taken with little more memory than is held back", .timeLimit(.minutes(20)))
        func flatArchive() async throws {
            await #expect(processExitsWith: .success) { [url = DatabaseTrait.url as String] in
                try await Self.importLargeArchive(url)
            }
        }
    #endif

    /// A list of 50 servers, of which few bytes make much, and a comma.
    private static func list(at second: Int) throws -> String {
        let servers = (0..<50).map { number in
            let id = "0f8a4c1e-0000-4000-8000-0000000001" + (number < 10 ? "0" : "") + "\(number)"
            return #"{"id": "\#(id)", "status": "active", "host": "lab@alpha", "identifier": "\#(id)"}"#
        }
        let answer = #"{"share_servers": [\#(servers.joined(separator: ","))]}"#
        return try Archive.text(Archive.entry("GET", "/v2/share-servers", at: second, got: answer)) + ","
    }

    /// The same hundred lists again and again.
    private static func importLargeArchive(_ url: String) async throws {
        let log = try await TestLog.open(url)
        let block = Array(try (0..<100).map { try list(at: $0) }.joined().utf8)
        let blocks = 150_000_000 / block.count
        let written = Box(Mutex(-1))
        let pipe = TestPipe()
        pipe.feed {
            let number = written.value.withLock { count in
                defer { count += 1 }
                return count
            }
            if number < 0 { return Array(#"{"log":{"entries":["#.utf8) }
            if number < blocks { return block }
            return number == blocks ? Array(((try? list(at: 100)) ?? "").utf8.dropLast()) + Array("]}}".utf8) : nil
        }
        let most = Box(Mutex(Int64(0)))
        let before = try resident()
        let files = FileImport(
            log: log.log,
            onProgress: { _, _, _ in
                let resident = (try? resident()) ?? .max
                most.value.withLock { $0 = max($0, resident) }
            })
        let report = try await files.run(pipe.path)
        // Each of the 101 exchanges is a call; the first of them shows 50 servers, and nothing changes after it.
        #expect((report.appended, report.faults, report.exchanges) == (151, 0, blocks * 100 + 1))
        let used = most.value.withLock { $0 } - before
        #expect(used < 100 << 20)
        await log.log.close()
    }

    private static func importLargePipe(_ url: String) async throws {
        let log = try await TestLog.open(url)
        // The same 100 events again and again, so that the test's database stays small; all lines are of one length.
        let block = (200..<300).map { Lines.line($0 * 8, padding: 20_000) + "\n" }
        let lineBytes = Int64(block[0].utf8.count)
        try #require(block.allSatisfy { $0.utf8.count == lineBytes })
        let bytes = Array(block.joined().utf8)
        let blocks = 200_000_000 / bytes.count + 1

        let written = Box(Mutex(0))
        let pipe = TestPipe()
        pipe.feed {
            written.value.withLock { count in
                defer { count += 1 }
                return count < blocks ? bytes : nil
            }
        }
        let seen = Box(Mutex(Seen()))
        let before = try resident()
        let files = FileImport(
            log: log.log,
            onProgress: { done, _, events in
                let resident = (try? resident()) ?? .max
                seen.value.withLock {
                    $0.held = max($0.held, done - Int64(events) * lineBytes)
                    $0.resident = max($0.resident, resident)
                }
            })
        let report = try await files.run(pipe.path)
        #expect(report.bytes == Int64(blocks * bytes.count))
        #expect((report.appended, report.known, report.faults) == (100, (blocks - 1) * 100, 0))
        let most = seen.value.withLock { $0 }
        // A slab is what one read gives, up to 1 MiB: three are decoded, fourteen wait for the log, a few are between.
        #expect(most.held > 0 && most.held < 32 << 20)
        #expect(most.resident - before < 150 << 20)
        await log.log.close()
    }
}
