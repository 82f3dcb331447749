#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Random numbers that are the same for the same seed.
///
/// Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014; SplitMix64.
struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// A pause before something that happens at any time as likely as at any other: exponentially distributed.
    mutating func pause(mean: Int64) -> Int64 {
        let share = Double(next() >> 11 + 1) / Double(1 << 53)
        return Int64(-log(share) * Double(mean)) + 1
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    mutating func below(_ count: Int) -> Int { Int.random(in: 0..<count, using: &self) }

    /// A random UUID, version 4, in lower case.
    mutating func uuid() -> String {
        let digits = Array("0123456789abcdef".utf8)
        let (high, low) = (next(), next())
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for index in 0..<32 {
            if [8, 12, 16, 20].contains(index) { text.append(0x2D) }
            let nibble = Int((index < 16 ? high >> UInt64(60 - 4 * index) : low >> UInt64(60 - 4 * (index - 16))) & 0xF)
            text.append(digits[index == 12 ? 4 : index == 16 ? 8 | nibble & 3 : nibble])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
