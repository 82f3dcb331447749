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
        var range = range
        while let last = range.last, bytes[last] == 0x0D || bytes[last] == 0x20 || bytes[last] == 0x09 {
            range = range.lowerBound..<last
        }
        while let first = range.first, bytes[first] == 0x20 || bytes[first] == 0x09 {
            range = (first + 1)..<range.upperBound
        }
        guard !range.isEmpty else { return }
        if range.count > Splitter.Limits.event {
            faults.append(tooLong())
        } else {
            elements.append(Slab.Element(range: range, line: line, number: number))
            number += 1
        }
    }

    private mutating func tooLong() -> Fault {
        defer { number += 1 }
        return Fault(
            number: number, line: line, attribute: nil,
            reason: "the line has more than \(Splitter.Limits.event) bytes")
    }
}
