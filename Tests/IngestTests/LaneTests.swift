import DatabaseTesting
import EventLog
import Ingest
import Testing

/// Imports and pushes where the log has many lanes.
@Suite(.logOfLanes) struct LaneTests {
    @Test("Events of many servers go to their lanes, each lane in the order of the file")
    func lanes() async throws {
        let log = try await TestLog.open()
        #expect(try await log.load(text: Lines.text(0..<200)).report.appended == 200)
        let entries = try await log.entries()
        #expect(Set(entries.map(\.lane)).count > 1)
        for lane in Dictionary(grouping: entries, by: \.lane).values {
            let numbers = lane.compactMap { Int(($0.requestID ?? "").dropFirst(4)) }
            #expect(numbers == numbers.sorted() && numbers.count == lane.count)
        }
        try await log.expectSound(200)
        await log.log.close()
    }

    @Test("A repeated import appends nothing to any lane")
    func twice() async throws { try await TestLog.expectNothingNew() }

    @Test("A body of faults only is answered in full where there are many lanes")
    func onlyFaults() async throws { try await TestLog.expectOnlyFaults() }

    @Test("Any body is answered element by element where there are many lanes", arguments: [6, 7, 8] as [UInt64])
    func anyChunks(seed: UInt64) async throws { try await TestLog.expectAnyChunks(seed: seed) }

    @Test("What one part of a capture tells is known to the next, whatever the lane, and repeating them adds nothing")
    func parts() async throws {
        let log = try await TestLog.open()
        let texts = try ManilaTraffic.texts()
        let parts = [texts[..<172], texts[172..<343], texts[343...]].map { Archive.text(Array($0)) }
        var appended = 0
        for part in parts { appended += try await log.load(text: part).report.appended }
        #expect(try await log.statuses() == ManilaTraffic().statuses())
        for archive in parts + [Archive.text(texts)] {
            #expect(try await log.load(text: archive).report.appended == 0)
        }
        try await log.expectSound(appended)
        await log.log.close()
    }
}
