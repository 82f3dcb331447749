import EventLog
import Foundation
import Synchronization
import Testing
import TransparencyLog

/// Checkpoints outside the database.
@Suite struct CheckpointFileTests {
    /// A name without blanks is always taken.
    // The name is a good one.
    private static let key = try! SigningKey(generating: "example.org/log")

    private static func note(_ size: UInt64, origin: String = "example.org/log") throws -> SignedNote {
        try Checkpoint(origin: origin, size: size, root: Merkle.leaf([UInt8(size % 256)])).signed(by: [
            key.named(origin)
        ])
    }

    private func withFile(_ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try body(directory.appending(path: "checkpoints").path)
    }

    @Test("The last checkpoint of each origin is found again, by another process too")
    func last() throws {
        try withFile { path in
            let file = CheckpointFile(path: path)
            #expect(try file.newest(of: "example.org/log") == nil)
            let other = CheckpointFile(path: path)
            let notes = [
                try Self.note(1), try Self.note(7, origin: "example.org/log/lane/1"), try Self.note(2),
                try Self.note(3),
            ]
            for (index, note) in notes.enumerated() { try (index % 2 == 0 ? file : other).append(note) }
            for reader in [file, other, CheckpointFile(path: path)] {
                #expect(try reader.newest(of: "example.org/log") == notes[3])
                #expect(try reader.newest(of: "example.org/log/lane/1") == notes[1])
                #expect(try reader.newest(of: "example.org") == nil)
            }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == notes.map { "\($0)\n" }.joined())
        }
    }

    @Test("Whatever a crash left of the last checkpoint is told, counts for nothing, and is cut off before the next")
    func torn() throws {
        let (first, second, third) = (try Self.note(1), try Self.note(2), try Self.note(3))
        let whole = Array("\(first)\n".utf8)
        let last = Array("\(second)\n".utf8)
        for kept in last.indices {
            try withFile { path in
                try Data(whole + last[..<kept]).write(to: URL(filePath: path))
                let told = Mutex<[Int]>([])
                let file = CheckpointFile(path: path) { bytes in told.withLock { $0.append(bytes) } }
                #expect(try file.newest(of: "example.org/log") == first)
                #expect(try file.newest(of: "example.org/log") == first)
                #expect(told.withLock { $0 } == (kept == 0 ? [] : [kept]))
                try file.append(third)
                #expect(try Array(Data(contentsOf: URL(filePath: path))) == whole + Array("\(third)\n".utf8))
                #expect(try file.newest(of: "example.org/log") == third)
            }
        }
    }

    @Test("A file that was emptied, or taken away, is read anew")
    func emptied() throws {
        try withFile { path in
            let file = CheckpointFile(path: path)
            try file.append(Self.note(5))
            try Data().write(to: URL(filePath: path))
            #expect(try file.newest(of: "example.org/log") == nil)
            try file.append(Self.note(6))
            try FileManager.default.removeItem(atPath: path)
            #expect(try file.newest(of: "example.org/log") == nil)
            try file.append(Self.note(7))
            #expect(try CheckpointFile(path: path).newest(of: "example.org/log") == Self.note(7))
        }
    }

    @Test("What is no checkpoint, and a place that cannot be written, are told with the file's name")
    func faults() throws {
        try withFile { path in
            try Data("one\n\ntwo\n\n".utf8).write(to: URL(filePath: path))
            #expect { try CheckpointFile(path: path).newest(of: "one") } throws: {
                "\($0)".contains(path) && "\($0)".contains("byte 0")
            }
            #expect { try CheckpointFile(path: path + "/x/y").append(Self.note(1)) } throws: { "\($0)".contains(path) }
        }
    }
}
