import DatabaseTesting
import Foundation
import Ingest
import Synchronization

/// What became of a file.
struct Imported {
    let report: ImportReport
    /// What was called out while it ran.
    let faults: [Fault]
    let inputs: Set<String>
}

extension TestLog {
    /// Imports a file.
    func load(file path: String, format: Format? = nil, source: String? = nil) async throws -> Imported {
        let found = Box(Mutex<[(input: String, fault: Fault)]>([]))
        let files = FileImport(
            log: log, source: source, onFault: { input, fault in found.value.withLock { $0.append((input, fault)) } })
        let report = try await files.run(path, format: format)
        let all = found.value.withLock { $0 }
        return Imported(report: report, faults: all.map(\.fault), inputs: Set(all.map(\.input)))
    }

    /// Imports bytes that are written to a file first.
    func load(
        bytes: [UInt8], name: String = "input", format: Format? = nil, source: String? = nil
    ) async throws -> Imported {
        try await withFolder { folder in
            let path = folder + "/" + name
            try Data(bytes).write(to: URL(filePath: path))
            return try await load(file: path, format: format, source: source)
        }
    }

    func load(text: String, format: Format? = nil, source: String? = nil) async throws -> Imported {
        try await load(bytes: Array(text.utf8), format: format, source: source)
    }
}

/// A mutex that closures can hold.
final class Box<Value: ~Copyable & Sendable>: Sendable {
    let value: Value

    init(_ value: consuming Value) { self.value = value }
}

/// A folder that is removed afterwards.
func withFolder<Output>(_ body: (_ folder: String) async throws -> Output) async throws -> Output {
    let folder = try TestServer.temporaryDirectory()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}

/// An anonymous pipe, written by a thread of its own, that is read under a path.
struct TestPipe {
    private let pipe = Pipe()

    var path: String { "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)" }

    /// Writes what `next` gives until it gives nil, then closes the pipe.
    func feed(_ next: @escaping @Sendable () -> [UInt8]?) {
        let writing = pipe.fileHandleForWriting
        Thread.detachNewThread {
            while let bytes = next() {
                do { try writing.write(contentsOf: Data(bytes)) } catch { break }
            }
            try? writing.close()
        }
    }
}
