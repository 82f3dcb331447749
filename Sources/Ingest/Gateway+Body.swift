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
struct IncomingBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    let body: RequestBody

    struct AsyncIterator: AsyncIteratorProtocol {
        var rest: RequestBody.AsyncIterator

        mutating func next() async throws -> ByteBuffer? {
            do { return try await rest.next() } catch { throw IngestError.brokenRequest }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: body.makeAsyncIterator()) }
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
