#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Cuts NDJSON into its lines. Empty ones are left out; `\r\n` ends a line as `\n` does.
struct LineSplitter: Sendable {
    /// The beginning of a line whose end has not come.
    private var rest: [UInt8] = []
    /// Whether the line under way is too long and passed over.
    private var isSkipping = false
    private var line = 1
    private var number = 0

    mutating func split(_ chunk: [UInt8]) -> Slab {
        var slab = Slab()
        var start = 0
        if isSkipping {
            guard let end = chunk.firstIndex(of: 0x0A) else { return slab }
            isSkipping = false
            line += 1
            start = end + 1
        }
        swap(&slab.bytes, &rest)
        let begun = slab.bytes.count
        slab.bytes.append(contentsOf: chunk[start...])
        var at = 0
        var search = begun
        slab.bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            while search < bytes.count, let found = memchr(base + search, 0x0A, bytes.count - search) {
                let end = UnsafeRawPointer(found) - UnsafeRawPointer(base)
                take(at..<end, of: bytes, into: &slab.elements, &slab.faults)
                line += 1
                at = end + 1
                search = at
            }
        }
        rest = Array(slab.bytes[at...])
        slab.bytes.removeSubrange(at...)
        if rest.count > Splitter.Limits.event {
            slab.faults.append(tooLong())
            rest = []
            isSkipping = true
        }
        return slab
    }

    mutating func end() -> Slab {
        var slab = Slab()
        swap(&slab.bytes, &rest)
        slab.bytes.withUnsafeBufferPointer { bytes in
            take(0..<bytes.count, of: bytes, into: &slab.elements, &slab.faults)
        }
        return slab
    }

    private mutating func take(
        _ range: Range<Int>, of bytes: UnsafeBufferPointer<UInt8>, into elements: inout [Slab.Element],
        _ faults: inout [Fault]
    ) {
        // Counted with the blanks around it, so that it does not hang on where a chunk ended.
        guard range.count <= Splitter.Limits.event else {
            faults.append(tooLong())
            return
        }
        let isBlank: (Int) -> Bool = { bytes[$0] == 0x20 || bytes[$0] == 0x09 || bytes[$0] == 0x0D }
        guard let first = range.first(where: { !isBlank($0) }), let last = range.last(where: { !isBlank($0) }) else {
            return
        }
        elements.append(Slab.Element(range: first..<last + 1, line: line, number: number))
        number += 1
    }

    private mutating func tooLong() -> Fault {
        defer { number += 1 }
        return Fault(
            number: number, line: line, attribute: nil,
            reason: "the line has more than \(Splitter.Limits.event) bytes")
    }
}
