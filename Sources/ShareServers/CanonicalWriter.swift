/// Reads one JSON text and writes its canonical form (RFC 8785) in one pass.
///
/// Taken is RFC 8259 in UTF-8, at most 64 deep. Refused, because PostgreSQL or another reader would see something else:
/// `\u0000`, surrogates without their other half, members named twice, whole numbers beyond 2^53, numbers too large for
/// a double.
struct CanonicalWriter: ~Copyable {
    /// How deep arrays and objects may lie in one another. Source: design; Manila's own bodies are 4 deep.
    static let maximumDepth = 64

    let input: UnsafeRawBufferPointer
    private let depthLimit: Int
    var at = 0
    var output: [UInt8] = []
    /// Members of the objects that are being read, each as its place in `output`; those of the innermost come last.
    private var members: [Member] = []

    private struct Member {
        /// From the key's quote on.
        var start: Int
        var keyEnd: Int
        var end: Int
        var form: StringForm
    }

    /// What a string's bytes tell of it.
    struct StringForm {
        /// Whether comparing the bytes of two such strings compares their UTF-16: no escapes, and no characters whose
        /// UTF-16 stands in another order than their UTF-8.
        var isPlain = true
        var isASCII = true
    }

    init(_ input: UnsafeRawBufferPointer, depthLimit: Int = maximumDepth) {
        self.input = input
        self.depthLimit = depthLimit
        output.reserveCapacity(input.count + 64)
    }

    func fault(_ reason: String, at offset: Int? = nil) -> JSONFault {
        JSONFault(offset: offset ?? at, reason: reason)
    }

    /// Reads the whole input, which holds one value and nothing else.
    mutating func writeText() throws(JSONFault) {
        try checkUTF8()
        skipSpace()
        try writeValue(depth: 0)
        skipSpace()
        guard at == input.count else { throw fault("there is more after the end of the JSON text") }
    }

    private func checkUTF8() throws(JSONFault) {
        var index = 0
        while index + 8 <= input.count,
            input.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
            index += 8
        }
        guard index < input.count, String(validating: input[index...], as: UTF8.self) == nil else { return }
        // Rare: find where it breaks, character by character.
        var good = index
        while good < input.count {
            let length =
                switch input[good] {
                case ..<0x80: 1
                case ..<0xE0: 2
                case ..<0xF0: 3
                default: 4
                }
            let end = good + length
            guard end <= input.count, String(validating: input[good..<end], as: UTF8.self) != nil else { break }
            good = end
        }
        throw fault("this is not UTF-8", at: good)
    }

    @inline(__always)
    private mutating func skipSpace() {
        while at < input.count, case let byte = input[at], byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
        {
            at += 1
        }
    }

    // MARK: - Values

    private mutating func writeValue(depth: Int) throws(JSONFault) {
        guard at < input.count else { throw fault("the JSON text ends where a value is expected") }
        switch input[at] {
        case 0x22: _ = try writeString()
        case 0x7B:
            guard depth < depthLimit else { throw fault("more than \(depthLimit) deep") }
            try writeObject(depth: depth)
        case 0x5B:
            guard depth < depthLimit else { throw fault("more than \(depthLimit) deep") }
            try writeArray(depth: depth)
        case 0x74: try writeLiteral("true")
        case 0x66: try writeLiteral("false")
        case 0x6E: try writeLiteral("null")
        case 0x2D, 0x30...0x39: try writeNumber()
        default: throw fault("a value is expected")
        }
    }

    private mutating func writeLiteral(_ literal: StaticString) throws(JSONFault) {
        let count = literal.utf8CodeUnitCount
        guard at + count <= input.count, (0..<count).allSatisfy({ input[at + $0] == literal.utf8Start[$0] }) else {
            throw fault("a value is expected")
        }
        for offset in 0..<count { output.append(literal.utf8Start[offset]) }
        at += count
    }

    private mutating func writeArray(depth: Int) throws(JSONFault) {
        let start = at
        at += 1
        output.append(0x5B)
        skipSpace()
        if at < input.count, input[at] == 0x5D {
            at += 1
            output.append(0x5D)
            return
        }
        while true {
            skipSpace()
            try writeValue(depth: depth + 1)
            skipSpace()
            guard at < input.count else { throw fault("the array has no end", at: start) }
            output.append(input[at])
            at += 1
            switch input[at - 1] {
            case 0x2C: continue
            case 0x5D: return
            default: throw fault("',' or ']' is expected", at: at - 1)
            }
        }
    }

    // MARK: - Objects

    private mutating func writeObject(depth: Int) throws(JSONFault) {
        let start = at
        let base = members.count
        at += 1
        output.append(0x7B)
        skipSpace()
        if at < input.count, input[at] == 0x7D {
            at += 1
            output.append(0x7D)
            return
        }
        var isSorted = true
        while true {
            skipSpace()
            guard at < input.count, input[at] == 0x22 else { throw fault("a member's name is expected") }
            let name = at
            let keyStart = output.count
            let form = try writeString()
            members.append(Member(start: keyStart, keyEnd: output.count, end: 0, form: form))
            if members.count - base > 1, isSorted {
                let order = compare(members[members.count - 2], members[members.count - 1])
                guard order != 0 else { throw fault("the member is named twice", at: name) }
                isSorted = order < 0
            }
            skipSpace()
            guard at < input.count, input[at] == 0x3A else { throw fault("':' is expected") }
            at += 1
            output.append(0x3A)
            skipSpace()
            try writeValue(depth: depth + 1)
            members[members.count - 1].end = output.count
            skipSpace()
            guard at < input.count else { throw fault("the object has no end", at: start) }
            at += 1
            if input[at - 1] == 0x2C {
                output.append(0x2C)
            } else if input[at - 1] == 0x7D {
                break
            } else {
                throw fault("',' or '}' is expected", at: at - 1)
            }
        }
        try checkNames(from: base, object: start)
        if !isSorted { try sortMembers(from: base, object: start) }
        output.append(0x7D)
        members.removeSubrange(base...)
    }

    /// Refuses names that are canonically equivalent, such as `é` in one character and in two: many readers, Swift's
    /// dictionaries among them, take them for one.
    private func checkNames(from base: Int, object: Int) throws(JSONFault) {
        guard members.count - base > 1, members[base...].contains(where: { !$0.form.isASCII || !$0.form.isPlain })
        else {
            return
        }
        var names: Set<String> = []
        for member in members[base...] where !names.insert(key(member)).inserted {
            throw fault("the object names the member \(key(member)) twice", at: object)
        }
    }

    /// Puts the members of the innermost object, all of which have been written, into their order.
    private mutating func sortMembers(from base: Int, object: Int) throws(JSONFault) {
        let sorted = members[base...].sorted { compare($0, $1) < 0 }
        for (first, second) in zip(sorted, sorted.dropFirst()) where compare(first, second) == 0 {
            let name = String(decoding: output[first.start..<first.keyEnd], as: UTF8.self)
            throw fault("the object names the member \(name) twice", at: object)
        }
        let first = members[base].start
        let written = Array(output[first...])
        output.removeSubrange(first...)
        for (index, member) in sorted.enumerated() {
            if index > 0 { output.append(0x2C) }
            output.append(contentsOf: written[(member.start - first)..<(member.end - first)])
        }
    }

    /// Below, above or equal to zero as the first key stands before, behind, or at the place of the second.
    private func compare(_ left: Member, _ right: Member) -> Int {
        guard left.form.isPlain, right.form.isPlain else {
            let (left, right) = (key(left), key(right))
            return JSON.precedes(left, right) ? -1 : JSON.precedes(right, left) ? 1 : 0
        }
        // Without their closing quotes, so that a beginning stands before what it begins.
        let (leftCount, rightCount) = (left.keyEnd - 1 - left.start, right.keyEnd - 1 - right.start)
        for offset in 0..<min(leftCount, rightCount) {
            let (a, b) = (output[left.start + offset], output[right.start + offset])
            if a != b { return a < b ? -1 : 1 }
        }
        return leftCount - rightCount
    }

    private func key(_ member: Member) -> String {
        output.withUnsafeBytes { CanonicalReader($0).string(member.start..<member.keyEnd) }
    }
}
