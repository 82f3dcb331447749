import DatabaseTesting
import Foundation
import Logging
import ShareServers
import Testing

@testable import Ingest

/// What a spool's files hold after its process was killed: a copy of them is what the next one finds.
@Suite struct SpoolTests {
    static let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    private static func limits(_ bytes: Int = 1 << 30, reserve: Int = 0, segment: Int = 16 << 20) -> Recorder.Limits {
        var limits = Recorder.Limits(bytes: bytes, reserve: reserve)
        limits.segmentBytes = segment
        return limits
    }

    private func open(_ directory: String, _ limits: Recorder.Limits = limits()) async throws -> Spool {
        let spool = Spool(directory: directory, limits: limits, logger: Self.quiet)
        try await spool.open()
        return spool
    }

    @discardableResult
    private func append(_ events: [Event], to spool: Spool, isOwed: Bool = false) async throws -> Bool {
        try await spool.append([Spool.Piece(events: events, isOwed: isOwed)])[0]
    }

    /// All that waits, in order, taken out in batches.
    private func drain(_ spool: Spool, by count: Int = 7) async throws -> [Event] {
        var events: [Event] = []
        while let batch = try await spool.first(count) {
            #expect(try await spool.first(count)?.events == batch.events, "the same until it is removed")
            events += batch.events
            try await spool.remove(batch)
        }
        return events
    }

    private func copy(_ directory: String, _ name: String) throws -> String {
        let other = directory + name
        try FileManager.default.copyItem(atPath: directory, toPath: other)
        return other
    }

    private func files(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".events") }.sorted()
            .map { directory + "/" + $0 }
    }

    @Test("What was appended is found in order by the next process, over many files")
    func crash() async throws {
        try await withFolder { folder in
            let events = try Lines.events(0..<200)
            let spool = try await open(folder + "/s", Self.limits(segment: 4096))
            for start in stride(from: 0, to: 200, by: 8) {
                #expect(try await append(Array(events[start..<start + 8]), to: spool))
            }
            #expect(try files(folder + "/s").count > 5)
            let next = try await open(try copy(folder + "/s", "2"))
            #expect(await next.events == 200)
            #expect(try await drain(next) == events)
            #expect(try files(folder + "/s2") == [])
            // What is appended while others wait comes behind them.
            #expect(try await append(try Lines.events(200..<210), to: spool))
            #expect(try await drain(spool) == events + Lines.events(200..<210))
            #expect(try await append(try Lines.events(210..<211), to: spool))
            #expect(try await drain(spool) == Lines.events(210..<211))
        }
    }

    @Test("Half drained, it gives no more than one file again")
    func halfDrained() async throws {
        try await withFolder { folder in
            let events = try Lines.events(0..<100)
            let spool = try await open(folder + "/s", Self.limits(segment: 4096))
            for start in stride(from: 0, to: 100, by: 5) {
                try await append(Array(events[start..<start + 5]), to: spool)
            }
            for _ in 0..<10 { try await spool.remove(try #require(try await spool.first(7))) }
            // A batch ends with its file.
            let left = await spool.events
            #expect((30..<60).contains(left))
            let rest = try await drain(try await open(try copy(folder + "/s", "2")))
            #expect(rest.count >= left && rest.count < left + 20 && rest == events.suffix(rest.count))
        }
    }

    @Test("A torn end of any length is cut off and told, and all before it is whole")
    func torn() async throws {
        try await withFolder { folder in
            let spool = try await open(folder + "/s")
            try await append(try Lines.events(0..<3), to: spool)
            let whole = try Data(contentsOf: URL(filePath: try files(folder + "/s")[0]))
            let last = try #require(whole.lastRange(of: Data([0xFF, 0x44, 0x53, 0x45]))).lowerBound
            for (number, size) in ([0, 1, 15] + Array(last..<whole.count)).enumerated() {
                let other = folder + "/t\(number)"
                try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: false)
                try whole.prefix(size).write(to: URL(filePath: other + "/000000000001.events"))
                let next = try await open(other)
                #expect(try await append(try Lines.events(9..<10), to: next))
                if size < last {
                    #expect(try await drain(next) == Lines.events(9..<10))
                } else {
                    #expect(await next.tornBytes == size - last)
                    #expect(try await drain(next) == Lines.events(0..<2) + Lines.events(9..<10))
                }
                await next.close()
            }
            // The disk had made room for what was never written.
            let other = folder + "/zeros"
            try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: false)
            try (whole + Data(count: 4096)).write(to: URL(filePath: other + "/000000000001.events"))
            let next = try await open(other)
            #expect(await next.tornBytes == 4096)
            #expect(try await drain(next) == Lines.events(0..<3))
        }
    }

    @Test("Where a byte was changed, only its event is lost, which is told, and the file is kept")
    func damaged() async throws {
        try await withFolder { folder in
            let spool = try await open(folder + "/s")
            try await append(try Lines.events(0..<5), to: spool)
            var bytes = try Data(contentsOf: URL(filePath: try files(folder + "/s")[0]))
            let third = bytes.ranges(of: [0xFF, 0x44, 0x53, 0x45])[2].lowerBound
            for offset in [0, 4, 7, 8, 15, 16, 40] {
                let other = folder + "/d\(offset)"
                try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: false)
                bytes[third + offset] ^= 0x40
                try bytes.write(to: URL(filePath: other + "/000000000001.events"))
                bytes[third + offset] ^= 0x40
                let next = try await open(other)
                #expect(try await drain(next) == Lines.events(0..<2) + Lines.events(3..<5))
                #expect(await next.damagedBytes > 0)
                #expect(FileManager.default.fileExists(atPath: other + "/000000000001.events.damaged"))
            }
        }
    }

    @Test("A full spool takes nothing new, but what is owed, and takes again once it is drained")
    func full() async throws {
        try await withFolder { folder in
            let spool = try await open(folder + "/s", Self.limits(20_000))
            var count = 0
            while try await append(try Lines.events(count..<count + 1, padding: 500), to: spool) { count += 1 }
            #expect((20...26).contains(count))
            #expect(await spool.bytes <= 20_000)
            #expect(await !spool.hasRoom(for: 1000))
            #expect(try await append(try Lines.events(count..<count + 40, padding: 500), to: spool, isOwed: true))
            #expect(try await drain(spool) == Lines.events(0..<count + 40, padding: 500))
            #expect(try await append(try Lines.events(0..<1, padding: 500), to: spool))
            // Of what is handed over at once, each is taken or refused as a whole.
            let pieces = try [Lines.events(1..<2), Lines.events(2..<90, padding: 500), Lines.events(90..<91)]
            #expect(try await spool.append(pieces.map { .init(events: $0, isOwed: false) }) == [true, false, true])
            #expect(try await drain(spool).map(\.id) == ["e0", "e1", "e90"])
        }
    }

    @Test("What must stay free on the disk is left free")
    func reserve() async throws {
        try await withFolder { folder in
            let spool = try await open(folder + "/s", Self.limits(reserve: .max / 2))
            #expect(try await !append(try Lines.events(0..<1), to: spool))
            #expect(try await append(try Lines.events(1..<2), to: spool, isOwed: true))
            #expect(try await drain(spool).map(\.id) == ["e1"])
        }
    }

    @Test("A directory is one spool's, for its owner's eyes alone")
    func ownership() async throws {
        try await withFolder { folder in
            let spool = try await open(folder + "/deep/s")
            try await append(try Lines.events(0..<1), to: spool)
            try await spool.keep(key: [UInt8](repeating: 7, count: 32))
            await #expect { try await open(folder + "/deep/s") } throws: {
                if case .spoolInUse = $0 as? IngestError { true } else { false }
            }
            func mode(_ path: String) throws -> Int? {
                try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            }
            #expect(try mode(folder + "/deep/s") == 0o700)
            for name in ["000000000001.events", "redaction.key", "lock"] {
                #expect(try mode(folder + "/deep/s/" + name) == 0o600, "\(name)")
            }
            await spool.close()
            let next = try await open(folder + "/deep/s")
            #expect(try await next.key() == [UInt8](repeating: 7, count: 32))
            #expect(try await drain(next) == Lines.events(0..<1))
        }
    }
}
