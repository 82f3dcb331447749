#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The system's calls on the files of a spool; each blocks.
enum SpoolFile {
    /// Why a call failed.
    struct Fault: Error {
        let code: Int32
        let path: String
        var isNoSpace: Bool { code == ENOSPC || code == EDQUOT || code == EFBIG }
        var isMissing: Bool { code == ENOENT }
        var reason: String { "\(path): \(String(cString: strerror(code)))" }
    }

    static func open(_ path: String, _ flags: Int32) throws(Fault) -> Int32 {
        let file = systemOpen(path, flags | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Fault(code: errno, path: path) }
        return file
    }

    static func close(_ file: Int32) { _ = systemClose(file) }

    static func write(_ bytes: [UInt8], to file: Int32, _ path: String) throws(Fault) {
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { systemWrite(file, $0.baseAddress, $0.count) }
            guard count >= 0 || errno == EINTR else { throw Fault(code: errno, path: path) }
            written += max(0, count)
        }
    }

    static func sync(_ file: Int32, _ path: String) throws(Fault) {
        guard fsync(file) == 0 else { throw Fault(code: errno, path: path) }
    }

    static func truncate(_ file: Int32, to size: Int, _ path: String) throws(Fault) {
        guard ftruncate(file, off_t(size)) == 0 else { throw Fault(code: errno, path: path) }
    }

    /// The bytes of a file from an offset up to another, or to its end.
    static func read(_ path: String, _ range: Range<Int> = 0..<Int.max) throws(Fault) -> [UInt8] {
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

    static func remove(_ path: String) throws(Fault) {
        guard unlink(path) == 0 else { throw Fault(code: errno, path: path) }
    }

    static func move(_ path: String, to other: String) throws(Fault) {
        guard rename(path, other) == 0 else { throw Fault(code: errno, path: path) }
    }

    /// Makes what was created, renamed or removed in a directory durable.
    static func syncDirectory(_ path: String) throws(Fault) {
        let file = try open(path, O_RDONLY | O_DIRECTORY)
        defer { close(file) }
        try sync(file, path)
    }

    /// Makes a directory, and those that it lies in, for the owner alone.
    static func makeDirectory(_ path: String) throws(Fault) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/" + part
            guard mkdir(made, 0o700) == 0 || errno == EEXIST else { throw Fault(code: errno, path: path) }
        }
    }

    /// The names in a directory, in order.
    static func names(in path: String) throws(Fault) -> [String] {
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
    static func lock(_ path: String) throws(Fault) -> Int32? {
        let file = try open(path, O_RDWR | O_CREAT)
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(file)
            if code == EWOULDBLOCK { return nil }
            throw Fault(code: code, path: path)
        }
        return file
    }

    /// The size of a file system, and what is free of it for others than root.
    static func space(at path: String) throws(Fault) -> (size: Int, free: Int) {
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
