import Synchronization
public import TransparencyLog

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Checkpoints outside the database, one after another: what a restored or rewritten database is held against.
///
/// Each is a signed note and an empty line. Only ever appended to, and synced; several processes of a machine may share it.
/// What a crash left of a note at its end counts for nothing, is told, and is cut off before the next. All calls block.
public final class CheckpointFile: Sendable {
    public let path: String
    /// Called with how many bytes of a broken note stand at the end.
    private let torn: @Sendable (Int) -> Void
    private let state = Mutex(State())

    private struct State {
        /// Whole notes end here.
        var end = 0
        var newest: [String: SignedNote] = [:]
        var toldAt: Int?
    }

    public init(path: String, torn: @escaping @Sendable (Int) -> Void = { _ in }) {
        self.path = path
        self.torn = torn
    }

    /// The last note whose text begins with an origin; nil where there is none.
    ///
    /// - Throws: `.file` where the file cannot be read, or holds what is no note.
    public func newest(of origin: String) throws(LogError) -> SignedNote? {
        try state.withLock { state throws(LogError) in
            let file = open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else {
                if errno == ENOENT {
                    state = State()
                    return nil
                }
                throw fault()
            }
            defer { close(file) }
            try read(file, &state)
            return state.newest[origin]
        }
    }

    /// Writes a note and returns once it is durable.
    ///
    /// - Throws: `.file`.
    public func append(_ note: SignedNote) throws(LogError) {
        try state.withLock { state throws(LogError) in
            let isNew = access(path, F_OK) != 0
            let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
            guard file >= 0 else { throw fault() }
            defer { close(file) }
            while flock(file, LOCK_EX) != 0 { guard errno == EINTR else { throw fault() } }
            try read(file, &state)
            guard ftruncate(file, off_t(state.end)) == 0 else { throw fault() }
            let bytes = Array("\(note)\n".utf8)
            var written = 0
            while written < bytes.count {
                let count = bytes[written...].withUnsafeBytes {
                    pwrite(file, $0.baseAddress, $0.count, off_t(state.end + written))
                }
                guard count >= 0 || errno == EINTR else { throw fault() }
                written += max(0, count)
            }
            guard fsync(file) == 0 else { throw fault() }
            if isNew { try syncDirectory() }
            state.end += bytes.count
            state.newest[Self.origin(of: note)] = note
        }
    }

    /// Reads on from where whole notes end; from the beginning where the file has become shorter.
    private func read(_ file: Int32, _ state: inout State) throws(LogError) {
        let size = Int(lseek(file, 0, SEEK_END))
        guard size >= 0 else { throw fault() }
        if size < state.end { state = State() }
        var bytes = [UInt8](repeating: 0, count: size - state.end)
        var count = 0
        while count < bytes.count {
            let got = bytes[count...].withUnsafeMutableBytes { [start = state.end + count] in
                pread(file, $0.baseAddress, $0.count, off_t(start))
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw fault() }
            count += got
        }
        var rest = bytes[...]
        while let end = Self.end(of: rest) {
            do throws(TransparencyError) {
                let note = try SignedNote(rest[..<(end - 1)])
                state.newest[Self.origin(of: note)] = note
            } catch {
                throw .file(reason: "\(path): what stands at byte \(state.end) is no checkpoint: \(error)")
            }
            state.end += end - rest.startIndex
            rest = rest[end...]
        }
        if !rest.isEmpty, state.toldAt != state.end {
            state.toldAt = state.end
            torn(rest.count)
        }
    }

    /// Where a note and the empty line behind it end: after the second empty line.
    private static func end(of bytes: ArraySlice<UInt8>) -> Int? {
        var lines = 0
        var index = bytes.startIndex
        while let feed = bytes[index...].firstIndex(of: 0x0A) {
            if feed == index { lines += 1 }
            index = feed + 1
            if lines == 2 { return index }
        }
        return nil
    }

    private static func origin(of note: SignedNote) -> String { String(note.text.prefix { $0 != "\n" }) }

    private func syncDirectory() throws(LogError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let directory = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw fault() }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw fault() }
    }

    private func fault() -> LogError { .file(reason: "\(path): \(String(cString: strerror(errno)))") }
}
