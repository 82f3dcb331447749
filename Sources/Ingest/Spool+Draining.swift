import EventLog
import ShareServers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Spool {
    /// The first events that wait.
    struct Batch: Sendable {
        let events: [Event]
        /// How far the first file is drained once the log has them.
        let end: Int
        /// Of the first file, up to there.
        let count: Int
        let damagedBytes: Int
    }

    /// The first events that wait, at most so many; nothing where none does. The same ones until they are removed.
    ///
    /// - Throws: `.spoolUnusable` where the disk does not give them.
    func first(_ limit: Int) throws(IngestError) -> Batch? {
        while let segment = segments.first {
            if drained == 0 { drained = SpoolFrames.header.count }
            if drained >= segment.size {
                guard segments.count > 1 else { break }
                try removeFirst()
                continue
            }
            let (bytes, from) = try load(segment)
            var frames = SpoolFrames(bytes, from: drained - from)
            var (events, count) = ([Event](), 0)
            var damaged = 0
            while count < limit, let frame = frames.next() {
                count += 1
                let event = frame.withUnsafeBufferPointer { try? Event(decoding: UnsafeRawBufferPointer($0)) }
                if let event { events.append(event) } else { damaged += frame.count }
            }
            let end = count < limit ? segment.size : from + frames.offset
            return Batch(events: events, end: end, count: count, damagedBytes: damaged + frames.damagedBytes)
        }
        return nil
    }

    /// Forgets a batch that the log has; a file of which nothing waits any more goes.
    ///
    /// - Throws: `.spoolUnusable`; the batch comes again then.
    func remove(_ batch: Batch) throws(IngestError) {
        drained = batch.end
        drainedEvents += batch.count
        if batch.damagedBytes > 0 {
            damagedBytes += batch.damagedBytes
            segments[0].isDamaged = true
        }
        guard let segment = segments.first, drained >= segment.size else { return }
        try removeFirst()
    }

    private func removeFirst() throws(IngestError) {
        let segment = segments[0]
        if segments.count == 1 { endSegment() }
        try using { () throws(DiskFile.Fault) in
            let path = path(segment.number)
            // What could not be read may be of use to somebody who looks closer.
            if segment.isDamaged {
                try DiskFile.move(path, to: path + ".damaged")
            } else {
                try DiskFile.remove(path)
            }
            try DiskFile.syncDirectory(directory)
        }
        segments.removeFirst()
        (drained, drainedEvents, loaded) = (0, 0, nil)
    }

    /// The bytes of the first file from about where it is drained to.
    private func load(_ segment: Segment) throws(IngestError) -> (bytes: [UInt8], from: Int) {
        if let loaded, loaded.number == segment.number, loaded.from <= drained,
            loaded.from + loaded.bytes.count == segment.size
        {
            return (loaded.bytes, loaded.from)
        }
        let (path, from) = (path(segment.number), drained)
        let bytes = try using { () throws(DiskFile.Fault) in try DiskFile.read(path, from..<segment.size) }
        loaded = (segment.number, from, bytes)
        return (bytes, from)
    }

    // MARK: The key

    private var keyPath: String { directory + "/redaction.key" }

    /// The key under which secrets are hidden, as it was kept; nil where none was.
    func key() throws(IngestError) -> [UInt8]? {
        do throws(DiskFile.Fault) {
            let key = try DiskFile.read(keyPath)
            return key.count == 32 ? key : nil
        } catch {
            if error.isMissing { return nil }
            throw .spoolUnusable(directory: directory, reason: error.reason)
        }
    }

    /// Keeps the key for a start while PostgreSQL is away; readable by the owner alone.
    func keep(key: [UInt8]) throws(IngestError) {
        try using { () throws(DiskFile.Fault) in
            let new = keyPath + ".new"
            let file = try DiskFile.open(new, O_WRONLY | O_CREAT | O_TRUNC)
            defer { DiskFile.close(file) }
            try DiskFile.write(key, to: file, new)
            try DiskFile.sync(file, new)
            try DiskFile.move(new, to: keyPath)
            try DiskFile.syncDirectory(directory)
        }
    }
}
