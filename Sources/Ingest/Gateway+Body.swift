import AsyncHTTPClient
import Crypto
import HummingbirdCore
import NIOCore
import ShareServers
import Synchronization

/// A body of which the beginning is kept, while all of it passes.
final class KeptBody: Sendable {
    private struct State {
        var kept: [UInt8] = []
        var bytes = 0
        /// Of all that passed, once it is more than is kept.
        var hash: SHA256?
    }
    private let state = Mutex(State())
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// - Returns: Whether all that has passed is kept.
    @discardableResult
    func take(_ chunk: ByteBuffer) -> Bool {
        state.withLock { state in
            state.bytes += chunk.readableBytes
            let view = chunk.readableBytesView
            if state.hash == nil, state.bytes > limit {
                var hash = SHA256()
                state.kept.withUnsafeBytes { hash.update(bufferPointer: $0) }
                state.hash = hash
            }
            if state.hash != nil { view.withUnsafeBytes { state.hash?.update(bufferPointer: $0) } }
            state.kept.append(contentsOf: view.prefix(limit - state.kept.count))
            return state.hash == nil
        }
    }

    var bytes: [UInt8] { state.withLock { $0.kept } }
    /// Nil where all of it is kept.
    var size: BodySize? {
        state.withLock { state in
            state.hash.map { BodySize(bytes: state.bytes, sha256: $0.finalize().hexadecimal) }
        }
    }
}

/// A request's body: where it breaks off, the request is at fault and not Manila.
///
/// Who sends it on may still be reading when Manila has answered, and the server reads what is left before the next
/// request: two at once end the process. So it is closed to the one before it is left to the other.
struct IncomingBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    private let body: RequestBody
    private let access = Access()

    init(_ body: RequestBody) { self.body = body }

    /// Who reads; nobody any more once it is closed.
    final class Access: Sendable {
        private struct State {
            var isReading = false
            var isClosed = false
            var waiting: CheckedContinuation<Void, Never>?
        }
        private let state = Mutex(State())

        func begin() -> Bool {
            state.withLock { state in
                guard !state.isClosed else { return false }
                state.isReading = true
                return true
            }
        }

        func end() {
            let waiting = state.withLock { state in
                state.isReading = false
                defer { state.waiting = nil }
                return state.waiting
            }
            waiting?.resume()
        }

        func close() async {
            await withCheckedContinuation { continuation in
                let isReading = state.withLock { state in
                    state.isClosed = true
                    if state.isReading { state.waiting = continuation }
                    return state.isReading
                }
                if !isReading { continuation.resume() }
            }
        }
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        var rest: RequestBody.AsyncIterator
        let access: Access

        mutating func next() async throws -> ByteBuffer? {
            guard access.begin() else { throw IngestError.brokenRequest }
            defer { access.end() }
            do { return try await rest.next() } catch { throw IngestError.brokenRequest }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: body.makeAsyncIterator(), access: access) }

    /// Waits until nobody reads, which is until more has come in or the connection has ended, and lets nobody read again.
    func close() async { await access.close() }
}

/// The rest of a request's body behind what has been read of it, kept account of while it passes.
struct RestOfBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    let read: ByteBuffer
    /// A request's body has one iterator only. Handed on by who has read so far and reads no more.
    nonisolated(unsafe) let rest: IncomingBody.AsyncIterator
    let kept: KeptBody

    struct AsyncIterator: AsyncIteratorProtocol {
        var read: ByteBuffer?
        var rest: IncomingBody.AsyncIterator
        let kept: KeptBody

        mutating func next() async throws -> ByteBuffer? {
            if let read {
                self.read = nil
                return read
            }
            guard let chunk = try await rest.next() else { return nil }
            kept.take(chunk)
            return chunk
        }
    }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(read: read, rest: rest, kept: kept)
    }
}
