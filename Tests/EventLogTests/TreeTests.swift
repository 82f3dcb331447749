import DatabaseTesting
import EventLog
import Postgres
import ShareServers
import Synchronization
import Testing

@Suite(.database) struct TreeTests {
    @Test(
        "Every whole block of 256 leaves and the root are what a naive tree gives, however the entries came",
        arguments: [Int16(1), 4], [0, 1, 2, 255, 256, 257, 700, 1025])
    func tree(lanes: Int16, size: Int) async throws {
        let log = try await TestLog.open(lanes: lanes)
        var random = SplitMix(seed: UInt64(size))
        for piece in random.pieces(of: try Made.events(0..<size, of: log.server), upTo: 300) {
            try await log.append(new: piece)
        }
        let lines = try await log.export(log.lane)
        #expect(lines.count == size)
        let blocks: [Bytes] = try await log.all(
            "SELECT hash FROM dossier.subtrees WHERE lane = \(log.lane) AND level = 1 ORDER BY index")
        #expect(blocks.map(\.bytes) == NaiveTree.blocks(lines))
        let places: [String] = try await log.all("SELECT lane || '/' || level || '/' || index FROM dossier.subtrees")
        #expect(Set(places) == Set((0..<size / 256).map { "\(log.lane)/1/\($0)" }))

        let root: Bytes = try await log.one("SELECT root FROM dossier.log_heads WHERE lane = \(log.lane)")
        #expect(root.bytes == NaiveTree.root(lines))
        let verification = try await log.verify(log.lane)
        #expect(verification.fault == nil)
        #expect(verification.root == NaiveTree.root(lines))
    }

    @Test("Lanes have trees of their own")
    func lanesApart() async throws {
        let log = try await TestLog.open(lanes: 4)
        try await log.append(new: try Made.events(0..<1300, inAll: 4))
        var lengths = 0
        for lane in log.lanes {
            let lines = try await log.export(lane)
            lengths += lines.count
            let root: Bytes = try await log.one("SELECT root FROM dossier.log_heads WHERE lane = \(lane)")
            #expect(root.bytes == NaiveTree.root(lines))
            let blocks: [Bytes] = try await log.all(
                "SELECT hash FROM dossier.subtrees WHERE lane = \(lane) AND level = 1 ORDER BY index")
            #expect(blocks.map(\.bytes) == NaiveTree.blocks(lines))
        }
        #expect(lengths == 1300)
    }

    @Test("A block of 65,536 leaves is kept when it is whole, and not before; what is done to it is found")
    func blockOfBlocks() async throws {
        let log = try await TestLog.open(lanes: 1)
        let events = try (0..<65_537).map { try Made.word("", $0) }
        try await log.append(new: Array(events[..<65_535]))
        #expect(try await log.one("SELECT count(*) FROM dossier.subtrees WHERE level = 2", of: Int64.self) == 0)
        try await log.append(new: Array(events[65_535...]))
        let block: Bytes = try await log.one("SELECT hash FROM dossier.subtrees WHERE level = 2 AND index = 0")
        let lines = try await log.export(0, 0..<65_536)
        #expect(block.bytes == NaiveTree.root(lines))
        #expect(try await log.one("SELECT count(*) FROM dossier.subtrees", of: Int64.self) == 257)

        #expect(try await log.verify(0).fault == nil)
        for change in ["UPDATE dossier.subtrees SET hash = sha256(hash)", "DELETE FROM dossier.subtrees"] {
            try await log.tamper("\(change) WHERE level = 2")
            let fault = try #require(try await log.verify(0).fault)
            #expect(fault.position.index == 0 && fault.span == 65_536, "\(fault)")
        }
    }
}

@Suite(.database) struct ExportTests {
    @Test("What is exported are the bodies of the positions asked for, in order", arguments: [Int16(1), 4])
    func ranges(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        try await log.append(new: try Made.events(0..<1200, of: log.server))
        let bodies: [String] = try await log.all(
            "SELECT body FROM dossier.entries WHERE lane = \(log.lane) ORDER BY position")
        for range in [0..<1200, 0..<1, 999..<1001, 255..<257, 1199..<1200, 0..<0, 700..<700] {
            #expect(
                try await log.export(log.lane, Int64(range.lowerBound)..<Int64(range.upperBound))
                    == Array(bodies[range]))
        }
        // What lies beyond the end is left out.
        #expect(try await log.export(log.lane, 1190..<1300) == Array(bodies[1190...]))
        #expect(try await log.export(log.lane, 1200..<1300) == [])
        #expect(bodies.allSatisfy { !$0.contains { $0.isNewline } })
    }

    @Test("An export is as of one moment, whatever is appended meanwhile", arguments: [Int16(1), 4])
    func oneMoment(lanes: Int16) async throws {
        let log = try await TestLog.open(lanes: lanes)
        try await log.append(new: try Made.events(0..<300, of: log.server))
        let pool = log.reader()
        let lines = Mutex(0)
        let count = try await Export.export(lane: log.lane, positions: 0..<1000, pool: pool) { _ in
            let number = lines.withLock { lines in
                lines += 1
                return lines
            }
            if number == 1 { try await log.append(new: try Made.events(300..<600, of: log.server)) }
        }
        await pool.close()
        #expect(count == 300)
        #expect(lines.withLock { $0 } == 300)
        #expect(try await log.export(log.lane).count == 600)
    }

    @Test("An export ends where its taker fails, and leaves its connection usable", arguments: [Int16(1), 4])
    func failingTaker(lanes: Int16) async throws {
        struct Enough: Error {}
        let log = try await TestLog.open(lanes: lanes)
        try await log.append(new: try Made.events(0..<600, of: log.server))
        let pool = Pool(url: log.url, limit: 1, setup: ["SET ROLE dossier_reader"])
        let lines = Mutex(0)
        await #expect(throws: Enough.self) {
            try await Export.export(lane: log.lane, positions: 0..<600, pool: pool) { _ in
                let number = lines.withLock { lines in
                    lines += 1
                    return lines
                }
                if number == 10 { throw Enough() }
            }
        }
        #expect(lines.withLock { $0 } == 10)
        #expect(try await Export.export(lane: log.lane, positions: 0..<600, pool: pool) { _ in } == 600)
        await pool.close()
    }
}
