import Crypto

/// The form of a spool's files: a header, then one frame an event.
///
/// Header: `d0` `dossier` and the version as u32be, then four zero bytes. Frame: the mark `ff 44 53 45`, the length of
/// the event's canonical form as u32be, the first eight bytes of SHA-256(length ‖ event), and the event. The mark holds
/// a byte that no UTF-8 text has: it is never found within an event.
struct SpoolFrames {
    static let header: [UInt8] = [0xD0] + Array("dossier".utf8) + [0, 0, 0, 1, 0, 0, 0, 0]
    static let mark: [UInt8] = [0xFF, 0x44, 0x53, 0x45]
    static let checkBytes = 8
    /// Bytes of a frame beside its event.
    static let overhead = mark.count + 4 + checkBytes

    private let bytes: [UInt8]
    /// Where the next frame is looked for.
    private(set) var offset: Int
    /// Bytes passed over because they are no whole frame, though whole frames follow.
    private(set) var damagedBytes = 0

    init(_ bytes: [UInt8], from offset: Int = 0) {
        self.bytes = bytes
        self.offset = offset
    }

    /// Bytes at the end that are no whole frame.
    var tornBytes: Int { bytes.count - offset }

    /// The next whole frame's event; nil where none follows.
    mutating func next() -> ArraySlice<UInt8>? {
        if let event = event(at: offset) {
            offset = event.endIndex
            return event
        }
        // Damaged: whatever follows was acknowledged as well.
        var start = offset + 1
        while let found = bytes[min(start, bytes.count)...].firstIndex(of: Self.mark[0]) {
            if let event = event(at: found) {
                damagedBytes += found - offset
                offset = event.endIndex
                return event
            }
            start = found + 1
        }
        return nil
    }

    private func event(at start: Int) -> ArraySlice<UInt8>? {
        guard bytes.count - start >= Self.overhead, bytes[start..<start + 4].elementsEqual(Self.mark) else {
            return nil
        }
        let length = bytes[start + 4..<start + 8].reduce(0) { $0 << 8 | Int($1) }
        let from = start + Self.overhead
        guard length <= bytes.count - from else { return nil }
        let event = bytes[from..<from + length]
        let check = bytes[start + 8..<from]
        return Self.check(length: bytes[start + 4..<start + 8], event).elementsEqual(check) ? event : nil
    }

    /// Appends the frame of an event.
    static func append(_ event: [UInt8], to bytes: inout [UInt8]) {
        let length = withUnsafeBytes(of: UInt32(event.count).bigEndian) { Array($0) }
        bytes += mark
        bytes += length
        bytes += check(length: length[...], event[...])
        bytes += event
    }

    private static func check(length: ArraySlice<UInt8>, _ event: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var hash = SHA256()
        length.withUnsafeBytes { hash.update(bufferPointer: $0) }
        event.withUnsafeBytes { hash.update(bufferPointer: $0) }
        return Array(hash.finalize()).prefix(checkBytes)
    }
}
