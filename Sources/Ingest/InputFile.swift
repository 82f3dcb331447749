import NIOPosix

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file, or standard input, that is read in chunks away from the cooperative pool.
public struct InputFile: ~Copyable {
    /// Source: measured; from 256 KiB on, larger chunks make no difference.
    static let chunkBytes = 1 << 20

    let name: String
    /// Nil where it cannot be known, as of a pipe.
    let size: Int64?
    private let descriptor: Int32
    private let isOwned: Bool

    /// - Parameter path: `-` is standard input.
    /// - Throws: `.unreadable` naming the file, and why.
    public init(_ path: String) throws(IngestError) {
        name = path == "-" ? "standard input" : path
        isOwned = path != "-"
        descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
        var entry = stat()
        guard descriptor >= 0, fstat(descriptor, &entry) == 0 else {
            throw .unreadable(input: name, reason: String(cString: strerror(errno)))
        }
        guard entry.st_mode & S_IFMT != S_IFDIR else {
            throw .unreadable(input: name, reason: "it is a folder")
        }
        size = entry.st_mode & S_IFMT == S_IFREG ? Int64(entry.st_size) : nil
    }

    deinit {
        if isOwned { close(descriptor) }
    }

    /// The next bytes; empty at the end.
    ///
    /// - Throws: `.unreadable`, `.cancelled`.
    public func read() async throws(IngestError) -> [UInt8] {
        let descriptor = descriptor
        while true {
            if Task.isCancelled { throw .cancelled }
            let result: Result<[UInt8]?, Errno>
            do {
                result = try await NIOThreadPool.singleton.runIfActive { Self.readOnce(descriptor) }
            } catch {
                throw .cancelled
            }
            switch result {
            case .success(let bytes?): return bytes
            case .success(nil): continue
            case .failure(let errno): throw .unreadable(input: name, reason: String(cString: strerror(errno.code)))
            }
        }
    }

    private struct Errno: Error { let code: Int32 }

    /// Nil where nothing came for a while: a pipe may stay silent for long, and the reader may be cancelled meanwhile.
    private static func readOnce(_ descriptor: Int32) -> Result<[UInt8]?, Errno> {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        if poll(&waiting, 1, 200) == 0 { return .success(nil) }
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: chunkBytes) { buffer, count in
            let got = systemRead(descriptor, buffer.baseAddress, buffer.count)
            if got < 0 { failure = errno }
            count = max(0, got)
        }
        if failure == EINTR || failure == EAGAIN { return .success(nil) }
        return failure == 0 ? .success(bytes) : .failure(Errno(code: failure))
    }

    private static func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
            Glibc.read(descriptor, buffer, count)
        #else
            Darwin.read(descriptor, buffer, count)
        #endif
    }
}
