import CZlib
import HummingbirdCore
import NIOCore
import Testing

@testable import Ingest

/// What comes out of a compressed body, and in which pieces.
@Suite struct PushBodyTests {
    /// Source: zlib Manual, `deflateInit2`; pieces of a large text one by one, so that the test needs no memory for it.
    private static func gzip(_ block: [UInt8], times: Int) -> [UInt8] {
        var stream = z_stream()
        precondition(
            deflateInit2_(
                &stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK)
        defer { deflateEnd(&stream) }
        var (compressed, block, room) = ([UInt8](), block, [UInt8](repeating: 0, count: 1 << 16))
        for number in 1...times {
            block.withUnsafeMutableBufferPointer { input in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                repeat {
                    let count = room.withUnsafeMutableBufferPointer { output in
                        stream.next_out = output.baseAddress
                        stream.avail_out = UInt32(output.count)
                        deflate(&stream, number == times ? Z_FINISH : Z_NO_FLUSH)
                        return output.count - Int(stream.avail_out)
                    }
                    compressed += room.prefix(count)
                } while stream.avail_out == 0
            }
        }
        return compressed
    }

    private func body(_ bytes: [UInt8], chunk: Int, limit: Int = .max) -> PushBody {
        let chunks = stride(from: 0, to: bytes.count, by: chunk).map {
            ByteBuffer(bytes: bytes[$0..<min($0 + chunk, bytes.count)])
        }
        let stream = AsyncStream { continuation in
            for chunk in chunks { continuation.yield(chunk) }
            continuation.finish()
        }
        return PushBody(RequestBody(asyncSequence: stream), isGzip: true, limit: limit)
    }

    @Test("However a compressed body is cut into chunks, the same comes out", arguments: [1, 2, 7, 100, 1 << 20])
    func chunks(chunk: Int) async throws {
        var random = SplitMix(seed: 7)
        let block = (0..<50_000).map { _ in UInt8.random(in: 0..<20, using: &random) }
        let compressed = Self.gzip(block, times: 4)
        var plain: [UInt8] = []
        for try await piece in body(compressed + compressed, chunk: chunk) { plain += piece }
        #expect(plain == block + block + block + block + block + block + block + block)
    }

    @Test("Half a gigabyte that comes as half a megabyte comes out in small pieces, up to the limit and no further")
    func bomb() async throws {
        let compressed = Self.gzip([UInt8](repeating: 0x0A, count: 1 << 20), times: 512)
        #expect(compressed.count < 600_000)
        var (bytes, largest) = (0, 0)
        // As one chunk: what is in memory does not hang on how it came.
        for try await piece in body(compressed, chunk: compressed.count) {
            bytes += piece.count
            largest = max(largest, piece.count)
        }
        #expect(bytes == 512 << 20 && largest <= Inflation.pieceBytes)
        bytes = 0
        let error = await #expect(throws: IngestError.self) {
            for try await piece in body(compressed, chunk: compressed.count, limit: 1 << 20) { bytes += piece.count }
        }
        guard case .tooMuch(1 << 20, "bytes") = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(bytes <= 1 << 20)
    }
}
