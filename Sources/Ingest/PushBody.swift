public import HummingbirdCore
public import NIOCore

/// The bytes of a request's body, decompressed where they are gzip, and no more of them than a limit.
public struct PushBody: AsyncSequence, Sendable {
    public typealias Element = ByteBufferView

    private let body: RequestBody
    private let isGzip: Bool
    private let limit: Int

    /// - Parameter limit: In bytes, after decompressing.
    public init(_ body: RequestBody, isGzip: Bool, limit: Int) {
        self.body = body
        self.isGzip = isGzip
        self.limit = limit
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
        var body: RequestBody.AsyncIterator
        let inflation: Inflation?
        let limit: Int
        var taken = 0

        /// - Throws: What the connection throws; `.tooMuch`; `.brokenGzip`, at the end too where it came too early.
        public mutating func next() async throws -> ByteBufferView? {
            guard let bytes = try await nextBytes() else { return nil }
            taken += bytes.readableBytes
            guard taken <= limit else { throw IngestError.tooMuch(limit: limit, of: "bytes") }
            return bytes.readableBytesView
        }

        private mutating func nextBytes() async throws -> ByteBuffer? {
            guard let inflation else { return try await body.next() }
            while true {
                if let piece = try inflation.next() { return piece }
                guard let chunk = try await body.next() else {
                    guard inflation.isComplete else { throw IngestError.brokenGzip(reason: "it ends too early") }
                    return nil
                }
                inflation.take(chunk)
            }
        }
    }

    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(body: body.makeAsyncIterator(), inflation: isGzip ? Inflation() : nil, limit: limit)
    }
}
