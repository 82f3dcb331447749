import CZlib
import NIOCore

/// One gzip stream on its way to being what it holds. What it gives comes in pieces of bounded size, so that a few bytes
/// that stand for a gigabyte take no more memory than others.
///
/// Source: RFC 1952, members may follow one another; zlib 1.2.11 Manual, "Advanced Functions".
final class Inflation {
    /// The most of one piece. Source: chosen; some times what a connection hands over at once.
    static let pieceBytes = 64 << 10
    /// The largest window, and that a gzip header and trailer are expected. Source: the same, `inflateInit2`.
    private static let windowBits: Int32 = 15 + 16

    /// zlib keeps the address of its state's owner: it must not move.
    private let stream: UnsafeMutablePointer<z_stream>
    private var input = ByteBuffer()
    /// Whether the last piece was as large as one may be: more may be had without more input.
    private var isFull = false
    private var isInMember = false
    private var hasBegun = false

    init() {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let code = inflateInit2_(stream, Self.windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(code == Z_OK, "zlib has no memory, or is of another version than it was built for")
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Whether what was taken ends where a member does.
    var isComplete: Bool { hasBegun && !isInMember }

    /// Takes the next bytes of the stream, once those before are used up.
    func take(_ bytes: ByteBuffer) { input = bytes }

    /// The next piece of what was taken; nil where more has to be taken for it.
    ///
    /// - Throws: `.brokenGzip`.
    func next() throws(IngestError) -> ByteBuffer? {
        while input.readableBytes > 0 || isFull {
            if !isInMember {
                inflateReset(stream)
                (isInMember, hasBegun) = (true, true)
            }
            let piece = try inflatePiece()
            if piece.readableBytes > 0 { return piece }
        }
        return nil
    }

    private func inflatePiece() throws(IngestError) -> ByteBuffer {
        var piece = ByteBuffer()
        var code = Z_OK
        input.readWithUnsafeMutableReadableBytes { bytes in
            stream.pointee.next_in = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_in = UInt32(bytes.count)
            piece.writeWithUnsafeMutableBytes(minimumWritableBytes: Self.pieceBytes) { room in
                stream.pointee.next_out = room.baseAddress?.assumingMemoryBound(to: UInt8.self)
                stream.pointee.avail_out = UInt32(Self.pieceBytes)
                code = inflate(stream, Z_NO_FLUSH)
                return Self.pieceBytes - Int(stream.pointee.avail_out)
            }
            return bytes.count - Int(stream.pointee.avail_in)
        }
        isFull = piece.readableBytes == Self.pieceBytes
        switch code {
        case Z_OK: break
        // Nothing could be done without more input.
        case Z_BUF_ERROR: isFull = false
        case Z_STREAM_END: (isInMember, isFull) = (false, false)
        default:
            throw .brokenGzip(reason: stream.pointee.msg.map { String(cString: $0) } ?? "zlib gives up (\(code))")
        }
        return piece
    }
}
