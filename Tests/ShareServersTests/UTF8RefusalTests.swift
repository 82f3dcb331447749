import ShareServers
import Testing

/// Bytes that are no UTF-8.
@Suite struct UTF8RefusalTests {
    /// Source: The Unicode Standard, section 3.9, table 3-7 (well-formed UTF-8), and examples of D92.
    static let broken: [[UInt8]] = [
        [0x80], [0xBF], [0xC0, 0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xC3, 0xC3],
        [0xE0, 0x80, 0x80],
        [0xE0, 0x9F, 0xBF], [0xE2, 0x82], [0xE2, 0x82, 0x41], [0xED, 0xA0, 0x80], [0xED, 0xAF, 0xBF],
        [0xED, 0xBF, 0xBF],
        [0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80], [0xEF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
        [0xF0, 0x9F, 0x98], [0xF0, 0x9F], [0xF0], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
        [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xE2, 0x28, 0xA1],
    ]

    @Test("Overlong, cut off, surrogate and stray bytes are refused wherever they stand", arguments: broken)
    func refused(bytes: [UInt8]) {
        for padding in 0..<18 {
            for character in ["a", "é"] {
                let text = Array("\"\(String(repeating: character, count: padding))".utf8) + bytes + [0x22]
                #expect(fault(of: text) != nil, "\(text)")
                #expect(throws: JSONFault.self, "\(text)") { try JSON(parsing: text) }
                #expect(fault(of: [0x7B] + text + Array(":1}".utf8)) != nil, "\(text)")
            }
        }
    }

    @Test("A text that is cut off within a character is refused")
    func cutOff() {
        let text = Array("\"aé€😀\"".utf8)
        for count in 0..<text.count { #expect(fault(of: Array(text[..<count])) != nil, "\(count)") }
        #expect(fault(of: text) == nil)
    }

    /// Where the first ill-formed sequence begins, by decoding one character after the other.
    private func firstBreak(_ bytes: [UInt8]) -> Int? {
        var at = 0
        while at < bytes.count {
            let lead = UInt32(bytes[at])
            let (count, smallest): (Int, UInt32)
            switch lead {
            case 0..<0x80: (count, smallest) = (1, 0)
            case 0xC0..<0xE0: (count, smallest) = (2, 0x80)
            case 0xE0..<0xF0: (count, smallest) = (3, 0x800)
            case 0xF0..<0xF8: (count, smallest) = (4, 0x10000)
            default: return at
            }
            guard at + count <= bytes.count else { return at }
            var value = count == 1 ? lead : lead & (0x7F >> UInt32(count))
            for byte in bytes[(at + 1)..<(at + count)] {
                guard byte & 0xC0 == 0x80 else { return at }
                value = value << 6 | UInt32(byte & 0x3F)
            }
            guard value >= smallest, value <= 0x10FFFF, !(0xD800...0xDFFF).contains(value) else { return at }
            at += count
        }
        return nil
    }

    @Test("The fault names the byte at which the first broken character begins")
    func place() {
        let seed: UInt64 = 21
        var random = SplitMix(seed: seed)
        let pieces = ["a", "bcdefgh", "é", "€", "😀", "\u{FFFF}", " "].map { Array($0.utf8) }
        var wrong: [String] = []
        for round in 0..<4000 {
            var text: [UInt8] = [0x22]
            for _ in 0..<Int.random(in: 0...8, using: &random) { text += random.pick(pieces) }
            text += random.pick(Self.broken)
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                text += random.chance(20) ? random.pick(Self.broken) : random.pick(pieces)
            }
            text.append(0x22)
            let (expected, actual) = (firstBreak(text), fault(of: text)?.offset)
            if expected != actual { wrong.append("round \(round): \(text): \(actual ?? -1), not \(expected ?? -1)") }
        }
        #expect(wrong.isEmpty, "seed \(seed): \(wrong.count) times, \(wrong.prefix(3))")
    }
}
