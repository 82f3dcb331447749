import Dispatch

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Whoever read our output has closed it: there is nothing more to do, and nothing to say.
struct OutputClosed: Error {}

/// An open file that text is written to, by one thread of its own: a slow reader holds up nobody else.
struct Output: Sendable {
    let descriptor: Int32
    /// As it is named in errors.
    let name: String
    private let queue: DispatchQueue

    init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
        queue = DispatchQueue(label: "dossier output \(descriptor)")
    }

    static let standard = Output(descriptor: STDOUT_FILENO, name: "standard output")
    static let diagnostics = Output(descriptor: STDERR_FILENO, name: "standard error")

    /// Writes all of `text`, and returns when the operating system has it.
    ///
    /// - Throws: `OutputClosed` where the reader has gone; `Failure` for a full disk and the like.
    func write(_ text: String) async throws {
        try await write(Array(text.utf8))
    }

    func write(_ bytes: [UInt8]) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            queue.async { continuation.resume(with: Result { try self.writeNow(bytes) }) }
        }
    }

    /// Writes all of `text` later; where it cannot be written, it is lost.
    func post(_ text: String) {
        queue.async { try? writeNow(Array(text.utf8)) }
    }

    /// Returns when all that was posted has been written.
    func drain() async {
        await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
    }

    private func writeNow(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let written = systemWrite(descriptor, rest.baseAddress, rest.count)
                if written >= 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest[written...])
                    continue
                }
                switch errno {
                case EINTR: continue
                case EAGAIN:
                    var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&ready, 1, 1000)
                case EPIPE: throw OutputClosed()
                case let code: throw Failure("\(name): \(String(cString: strerror(code)))")
                }
            }
        }
    }
}

/// `write(2)`, whose name the methods above hide.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer?, _ count: Int) -> Int {
    write(descriptor, bytes, count)
}
