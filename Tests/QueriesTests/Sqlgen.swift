import Foundation

/// The built `sqlgen`, run on files that a test writes.
struct Sqlgen {
    /// Beside the tests, where the build puts it; nil where it is not. The plugin's own is always of this build.
    static let path: String? = {
        #if os(Linux)
            let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        #else
            let tests = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundlePath ?? ""
        #endif
        let folder = URL(filePath: tests).deletingLastPathComponent()
        return ["sqlgen-tool", "sqlgen"].map { folder.appending(path: $0).path }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    struct Outcome {
        let status: Int32
        let errors: String
        /// What it wrote, nil where it wrote nothing.
        let output: String?
        /// Where the files were.
        let folder: String
    }

    /// Runs it as the plugin does.
    ///
    /// - Parameter files: Their contents by their paths below the folder.
    static func run(
        _ target: String, _ files: [(path: String, bytes: [UInt8])], below: String = "", arguments: [String]? = nil
    ) async throws -> Outcome {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sqlgen-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var paths: [String] = []
        for file in files {
            let place = folder.appending(path: file.path)
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(file.bytes).write(to: place)
            paths.append(place.path)
        }
        let output = folder.appending(path: "Generated.swift")
        let errors = folder.appending(path: "errors")
        try Data().write(to: errors)
        let status = try await run(
            arguments ?? [target, folder.appending(path: below).path, output.path] + paths, errors: errors)
        return Outcome(
            status: status, errors: try String(contentsOf: errors, encoding: .utf8),
            output: try? String(contentsOf: output, encoding: .utf8), folder: folder.path)
    }

    private static func run(_ arguments: [String], errors: URL) async throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: path ?? "")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try FileHandle(forWritingTo: errors)
        return try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }
}
