extension Event {
    /// Reads one CloudEvents 1.0 JSON object.
    ///
    /// Members that are null count as left out (CloudEvents, JSON format, section 2.2). A `recordedtime` that came
    /// along is dropped: the log gives its own.
    ///
    /// - Throws: `.malformed` where it is not JSON, `.invalid` naming the attribute, `.tooLarge`.
    public init(decoding bytes: UnsafeRawBufferPointer) throws(EventError) {
        var writer = CanonicalWriter(bytes)
        do throws(JSONFault) {
            try writer.writeText()
        } catch {
            throw .malformed(offset: error.offset, reason: error.reason)
        }
        self = try Event(canonicalMembers: writer.output)
    }

    /// Reads the canonical form of an object that may still have `recordedtime` and members that are null.
    init(canonicalMembers bytes: [UInt8]) throws(EventError) {
        guard bytes.first == 0x7B else { throw .malformed(offset: 0, reason: "an event is a JSON object") }
        var canonical = bytes
        var envelope = try Envelope(of: canonical)
        if envelope.hasDropped {
            canonical = Self.withoutDropped(canonical)
            envelope = try Envelope(of: canonical)
        }
        let size = canonical.count + Self.recordedTimeBytes
        guard size <= Self.maximumBytes else { throw .tooLarge(bytes: size, limit: Self.maximumBytes) }
        id = envelope.id
        source = envelope.source
        type = envelope.type
        time = envelope.time
        subject = envelope.subject
        serverID = envelope.serverID
        index = envelope.index
        recordedTimeOffset = envelope.recordedTimeOffset
        self.canonical = canonical
    }

    /// The object without `recordedtime` and without members that are null.
    private static func withoutDropped(_ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { bytes in
            let reader = CanonicalReader(bytes)
            var kept: [UInt8] = [0x7B]
            reader.forEachMember(0..<bytes.count) { key, value in
                guard bytes[value.lowerBound] != 0x6E, !reader.isString(key, "recordedtime") else { return }
                if kept.count > 1 { kept.append(0x2C) }
                kept.append(contentsOf: bytes[key.lowerBound..<value.upperBound])
            }
            kept.append(0x7D)
            return kept
        }
    }
}
