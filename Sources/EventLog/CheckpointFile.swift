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
            guard access(path, F_OK) == 0 || errno != ENOENT else {
                state = State()
                return nil
            }
            try read(&state)
            return state.newest[origin]
        }
    }

    /// Writes a note and returns once it is durable.
    ///
    /// - Throws: `.file`.
    public func append(_ note: SignedNote) throws(LogError) {
        try state.withLock { state throws(LogError) in
            let isNew = access(path, F_OK) != 0
            let file = try disk { () throws(DiskFile.Fault) in
                try DiskFile.open(path, O_RDWR | O_CREAT | O_APPEND, mode: 0o644)
            }
            defer { DiskFile.close(file) }
            try disk { () throws(DiskFile.Fault) in try DiskFile.lock(file, path) }
            try read(&state)
            let bytes = Array("\(note)\n".utf8)
            try disk { () throws(DiskFile.Fault) in
                // Only where there is something to cut off: a file that may only be appended to refuses even to be asked.
                if try DiskFile.size(path) > state.end { try DiskFile.truncate(file, to: state.end, path) }
                try DiskFile.write(bytes, to: file, path)
                try DiskFile.sync(file, path)
                if isNew { try DiskFile.syncDirectory(folder) }
            }
            state.end += bytes.count
            state.newest[note.origin] = note
        }
    }

    /// Reads on from where whole notes end; from the beginning where the file has become shorter.
    private func read(_ state: inout State) throws(LogError) {
        let bytes = try disk { () throws(DiskFile.Fault) in
            if try DiskFile.size(path) < state.end { state = State() }
            return try DiskFile.read(path, state.end..<Int.max)
        }
        var rest = bytes[...]
        while let end = Self.end(of: rest) {
            do throws(TransparencyError) {
                let note = try SignedNote(rest[..<(end - 1)])
                state.newest[note.origin] = note
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

    private func disk<Output>(_ body: () throws(DiskFile.Fault) -> Output) throws(LogError) -> Output {
        do throws(DiskFile.Fault) { return try body() } catch { throw .file(reason: error.reason) }
    }

    /// Where the file lies.
    private var folder: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Where a note and the empty line behind it end: after the second empty line. Nil where there is none.
    public static func end(of bytes: ArraySlice<UInt8>) -> Int? {
        var lines = 0
        var index = bytes.startIndex
        while let feed = bytes[index...].firstIndex(of: 0x0A) {
            if feed == index { lines += 1 }
            index = feed + 1
            if lines == 2 { return index }
        }
        return nil
    }
}
