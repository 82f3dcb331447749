import DatabaseTesting
import Foundation
import Postgres
import Schema
import Testing

/// A clock that a test sets.
private enum StepClock {
    static let isAllowed: Bool = {
        #if os(Linux)
            (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
                FileManager.default.isExecutableFile(atPath: "\($0)/clang")
            }
        #else
            false
        #endif
    }()
}

/// A machine whose clock steps, as after a wrong time server, a resumed virtual machine, or a leap.
@Suite(.enabled(if: StepClock.isAllowed, "a clock to set is compiled by clang, on Linux"), .timeLimit(.minutes(20)))
struct ClockTests {
    /// Steps in seconds: back and forth, by little and by years.
    private static let steps = [0, 3600, -3600, -1, 86_400 * 365, 0, -86_400 * 365, 60]

    @Test("Whichever way the clock steps, recorded times never run backwards, and all goes on", .log)
    func steps() async throws {
        try await withDirectory { directory in
            let (library, step) = (directory + "/clock.so", directory + "/step")
            let made = try await Program.shell(
                "clang -shared -fPIC -O1 -o '\(library)' '\(SignedLog.clients)/clock.c' -ldl")
            try #require(made.status == 0, "\(made)")
            let service = try await RunningProgram.serve(
                DatabaseTrait.url, environment: ["LD_PRELOAD": library, "CLOCK_STEP_FILE": step])
            try await Pushes.with { pushes in
                for (number, seconds) in Self.steps.enumerated() {
                    try "\(seconds)".write(toFile: step, atomically: true, encoding: .utf8)
                    // In one batch by two statements, and in a small one by one.
                    #expect(await pushes.push(number * 100..<number * 100 + 90, to: service.url))
                    #expect(await pushes.push(number * 100 + 90..<number * 100 + 100, to: service.url))
                }
                let log = StoredLog(url: DatabaseTrait.url)
                try await log.expect(pushes.acknowledged)
                try await log.expectOnceEach(pushes.sent)
                try await expectMonotone(log)
                try await log.expectProjectionsAsRebuilt()
            }
            #expect(try await service.program.end(SIGTERM) == 0)
        }
    }

    private func expectMonotone(_ log: StoredLog) async throws {
        let backwards = try await log.texts(
            """
            SELECT position::text FROM (
                SELECT position, recorded_at < lag(recorded_at) OVER (ORDER BY position) AS is_backwards
                FROM dossier.entries
            ) e WHERE is_backwards
            """)
        #expect(backwards == [])
        // The step was seen: what was recorded in the year to come stays the time of all that follows.
        let times = try await log.texts(
            """
            SELECT round(extract(epoch FROM recorded_at - clock_timestamp()) / 86400)::text FROM dossier.entries
            WHERE position IN (0, 450, 799) ORDER BY position
            """)
        #expect(times == ["0", "365", "365"])
    }
}
