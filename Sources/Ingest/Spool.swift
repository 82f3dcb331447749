import EventLog
import Logging
import ShareServers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Events that wait on disk for the log, in order: a directory of append-only files that one process owns.
///
/// Events that may have reached the log already are handed out again after a crash: the log knows them by their keys.
/// Everything here runs on a thread of its own and may block.
actor Spool {
    nonisolated var unownedExecutor: UnownedSerialExecutor { DiskThread.shared.asUnownedSerialExecutor() }

    nonisolated let directory: String
    nonisolated let limits: Recorder.Limits
    private let logger: Logger

    /// One file; the last is written to.
    struct Segment {
        let number: Int
        /// Bytes that are known to be on disk.
        var size: Int
        var events: Int
        var isDamaged: Bool
    }

    private var lock: Int32?
    var segments: [Segment] = []
    /// The file that is written to.
    private var writing: Int32?
    /// How far the first file has been drained.
    var drained = 0
    var drainedEvents = 0
    private var next = 1
    /// Cut off the end of files, since the spool was opened.
    private(set) var tornBytes = 0
    /// Passed over within files, since the spool was opened.
    var damagedBytes = 0
    /// What was read of the first file, from `drained` on when it was read.
    var loaded: (number: Int, from: Int, bytes: [UInt8])?

    init(directory: String, limits: Recorder.Limits, logger: Logger) {
        self.directory = directory
        self.limits = limits
        self.logger = logger
    }

    /// Makes the directory this process's own, and finds what a former one left in it.
    ///
    /// - Throws: `.spoolInUse`, `.spoolUnusable`.
    func open() throws(IngestError) {
        try using { () throws(DiskFile.Fault) in
            try DiskFile.makeDirectory(directory)
            lock = try DiskFile.lock(directory + "/lock")
        }
        guard lock != nil else { throw .spoolInUse(directory: directory) }
        try using { () throws(DiskFile.Fault) in
            let numbers = try DiskFile.names(in: directory).compactMap(Self.number)
            for number in numbers { try find(number, isLast: number == numbers.last) }
        }
        next = (segments.last?.number ?? 0) + 1
    }

    /// Gives the directory back.
    func close() {
        if let writing { DiskFile.close(writing) }
        if let lock { DiskFile.close(lock) }
        (writing, lock) = (nil, nil)
    }

    // MARK: What is there

    var events: Int { segments.reduce(0) { $0 + $1.events } - drainedEvents }
    var bytes: Int { segments.reduce(0) { $0 + $1.size } }

    private func find(_ number: Int, isLast: Bool) throws(DiskFile.Fault) {
        let bytes = try DiskFile.read(path(number))
        guard bytes.starts(with: SpoolFrames.header) else {
            // Killed while it made the file, or no file of this version.
            if isLast, bytes.count < SpoolFrames.header.count { return try DiskFile.remove(path(number)) }
            throw DiskFile.Fault(code: EINVAL, path: path(number))
        }
        var frames = SpoolFrames(bytes, from: SpoolFrames.header.count)
        var events = 0
        while frames.next() != nil { events += 1 }
        let isDamaged = frames.damagedBytes > 0 || !isLast && frames.tornBytes > 0
        if frames.tornBytes > 0 { try cut(number, at: frames.offset, of: bytes.count, isLast: isLast) }
        if events == 0, !isDamaged { return try DiskFile.remove(path(number)) }
        segments.append(Segment(number: number, size: frames.offset, events: events, isDamaged: isDamaged))
    }

    private func cut(_ number: Int, at size: Int, of whole: Int, isLast: Bool) throws(DiskFile.Fault) {
        tornBytes += whole - size
        logger.warning(
            "the end of a spool file is no whole event and is left out: it was never acknowledged, or the disk lost it",
            metadata: ["file": "\(path(number))", "offset": "\(size)", "bytes": "\(whole - size)"])
        guard isLast else { return }
        let file = try DiskFile.open(path(number), O_WRONLY)
        defer { DiskFile.close(file) }
        try DiskFile.truncate(file, to: size, path(number))
        try DiskFile.sync(file, path(number))
    }

    func path(_ number: Int) -> String {
        let digits = String(number)
        return directory + "/" + String(repeating: "0", count: max(0, 12 - digits.count)) + digits + ".events"
    }

    private static func number(_ name: String) -> Int? {
        name.hasSuffix(".events") ? Int(name.dropLast(".events".count)) : nil
    }

    // MARK: Taking

    /// What is handed over as one: all of it is kept, or nothing.
    struct Piece: Sendable {
        let events: [Event]
        /// Whether it tells of something that has been let happen, and may use the room kept for that.
        let isOwed: Bool
    }

    /// Writes what there is room for, in order, and syncs once.
    ///
    /// - Returns: For each piece whether it is on disk.
    /// - Throws: `.spoolUnusable`: nothing of it is kept.
    func append(_ pieces: [Piece]) throws(IngestError) -> [Bool] {
        var frames: [UInt8] = []
        var count = 0
        let free = try freeBytes()
        let used = bytes
        let taken = pieces.map { piece in
            let size = piece.events.reduce(0) { $0 + $1.canonical.count + SpoolFrames.overhead }
            guard fits(frames.count + size, used: used, free: free, isOwed: piece.isOwed) else { return false }
            for event in piece.events { SpoolFrames.append(event.canonical, to: &frames) }
            count += piece.events.count
            return true
        }
        guard !frames.isEmpty else { return taken }
        do throws(DiskFile.Fault) {
            try write(frames, count)
            return taken
        } catch {
            guard error.isNoSpace else { throw .spoolUnusable(directory: directory, reason: error.reason) }
            return pieces.map { _ in false }
        }
    }

    /// Whether something new of so many bytes would be taken.
    func hasRoom(for size: Int) -> Bool {
        guard let free = try? freeBytes() else { return false }
        return fits(size, used: bytes, free: free, isOwed: false)
    }

    private func fits(_ size: Int, used: Int, free: (disk: Int, reserve: Int), isOwed: Bool) -> Bool {
        isOwed
            ? used + size <= limits.bytes + Recorder.Limits.owedBytes && free.disk >= size
            : used + size <= limits.bytes && free.disk >= free.reserve + size
    }

    private func freeBytes() throws(IngestError) -> (disk: Int, reserve: Int) {
        try using { () throws(DiskFile.Fault) in
            let space = try DiskFile.space(at: directory)
            return (space.free, limits.reserve ?? min(space.size / 20, 1 << 30))
        }
    }

    private func write(_ frames: [UInt8], _ count: Int) throws(DiskFile.Fault) {
        if let last = segments.last, writing != nil, last.size >= limits.segmentBytes { endSegment() }
        let file: Int32
        if let writing { file = writing } else { file = try makeSegment() }
        let last = segments.count - 1
        let path = path(segments[last].number)
        do throws(DiskFile.Fault) {
            try DiskFile.write(frames, to: file, path)
            try DiskFile.sync(file, path)
        } catch {
            // After a failed sync nobody knows what is on disk: the file ends where it was known, and gets no more.
            try? DiskFile.truncate(file, to: segments[last].size, path)
            endSegment()
            throw error
        }
        segments[last].size += frames.count
        segments[last].events += count
    }

    private func makeSegment() throws(DiskFile.Fault) -> Int32 {
        let path = path(next)
        let file = try DiskFile.open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND)
        next += 1
        do throws(DiskFile.Fault) {
            try DiskFile.write(SpoolFrames.header, to: file, path)
            try DiskFile.sync(file, path)
            try DiskFile.syncDirectory(directory)
        } catch {
            DiskFile.close(file)
            try? DiskFile.remove(path)
            throw error
        }
        segments.append(Segment(number: next - 1, size: SpoolFrames.header.count, events: 0, isDamaged: false))
        writing = file
        return file
    }

    func endSegment() {
        if let writing { DiskFile.close(writing) }
        writing = nil
    }

    func using<Output>(_ body: () throws(DiskFile.Fault) -> Output) throws(IngestError) -> Output {
        do throws(DiskFile.Fault) {
            return try body()
        } catch {
            throw .spoolUnusable(directory: directory, reason: error.reason)
        }
    }
}
