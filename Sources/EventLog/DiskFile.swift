#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The system's calls on files that have to be durable, such as a spool's and that of checkpoints. Each blocks, and throws
/// why the system would not.
public enum DiskFile {
    /// Why a call failed.
    public struct Fault: Error {
        let code: Int32
        let path: String

        /// - Parameter code: As `errno` gives it.
        public init(code: Int32, path: String) {
            self.code = code
            self.path = path
        }

        /// The disk, or who may write to it, has no room.
        public var isNoSpace: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }
        public var isMissing: Bool { code == ENOENT }
        /// With the file's path.
        public var reason: String { "\(path): \(String(cString: strerror(code)))" }
    }

    /// - Parameter mode: Of a file that is made.
    public static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0o600) throws(Fault) -> Int32 {
        let file = systemOpen(path, flags | O_CLOEXEC, mode_t(mode))
        guard file >= 0 else { throw Fault(code: errno, path: path) }
        return file
    }

    public static func close(_ file: Int32) { _ = systemClose(file) }

    /// Writes all of it where the file stands.
    public static func write(_ bytes: [UInt8], to file: Int32, _ path: String) throws(Fault) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { systemWrite(file, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw Fault(code: errno, path: path) }
            written += max(0, count)
        }
    }

    /// Returns once what was written is durable.
    public static func sync(_ file: Int32, _ path: String) throws(Fault) {
        guard fsync(file) == 0 else { throw Fault(code: errno, path: path) }
    }

    public static func truncate(_ file: Int32, to size: Int, _ path: String) throws(Fault) {
        guard ftruncate(file, off_t(size)) == 0 else { throw Fault(code: errno, path: path) }
    }

    /// In bytes.
    public static func size(_ path: String) throws(Fault) -> Int {
        let file = try open(path, O_RDONLY)
        defer { close(file) }
        let end = lseek(file, 0, SEEK_END)
        guard end >= 0 else { throw Fault(code: errno, path: path) }
        return Int(end)
    }

    /// The bytes of a file from an offset up to another, or to its end.
    public static func read(_ path: String, _ range: Range<Int> = 0..<Int.max) throws(Fault) -> [UInt8] {
        let file = try open(path, O_RDONLY)
        defer { close(file) }
        let end = lseek(file, 0, SEEK_END)
        guard end >= 0 else { throw Fault(code: errno, path: path) }
        let size = max(0, min(Int(end), range.upperBound) - range.lowerBound)
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = pread(file, buffer.baseAddress! + count, size - count, off_t(range.lowerBound + count))
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                guard got > 0 else { break }
                count += got
            }
        }
        guard failure == 0 else { throw Fault(code: failure, path: path) }
        return bytes
    }

    public static func remove(_ path: String) throws(Fault) {
        guard unlink(path) == 0 else { throw Fault(code: errno, path: path) }
    }

    public static func move(_ path: String, to other: String) throws(Fault) {
        guard rename(path, other) == 0 else { throw Fault(code: errno, path: path) }
    }

    /// Makes what was created, renamed or removed in a directory durable.
    public static func syncDirectory(_ path: String) throws(Fault) {
        let file = try open(path, O_RDONLY | O_DIRECTORY)
        defer { close(file) }
        try sync(file, path)
    }

    /// Makes a directory, and those that it lies in, for the owner alone.
    public static func makeDirectory(_ path: String) throws(Fault) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/" + part
            guard mkdir(made, 0o700) == 0 || errno == EEXIST else { throw Fault(code: errno, path: path) }
        }
    }

    /// The names in a directory, in order.
    public static func names(in path: String) throws(Fault) -> [String] {
        guard let directory = opendir(path) else { throw Fault(code: errno, path: path) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { names.append(String(cString: $0)) }
            }
        }
        return names.sorted()
    }

    /// Takes a lock that goes with the process; nil where another holds it.
    public static func lock(_ path: String) throws(Fault) -> Int32? {
        let file = try open(path, O_RDWR | O_CREAT)
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(file)
            if code == EWOULDBLOCK { return nil }
            throw Fault(code: code, path: path)
        }
        return file
    }

    /// Waits for a lock on an open file that goes with it.
    public static func lock(_ file: Int32, _ path: String) throws(Fault) {
        while flock(file, LOCK_EX) != 0 { guard errno == EINTR else { throw Fault(code: errno, path: path) } }
    }

    /// The size of a file system, and what is free of it for others than root.
    public static func space(at path: String) throws(Fault) -> (size: Int, free: Int) {
        var entry = statvfs()
        guard statvfs(path, &entry) == 0 else { throw Fault(code: errno, path: path) }
        let block = Int(entry.f_frsize)
        return (Int(entry.f_blocks) * block, Int(entry.f_bavail) * block)
    }
}

/// Under names that the functions above do not hide.
private func systemOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }
private func systemClose(_ file: Int32) -> Int32 { close(file) }
private func systemWrite(_ file: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int { write(file, bytes, count) }
