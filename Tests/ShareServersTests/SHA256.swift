/// A SHA-256 that shares nothing with the one under test.
///
/// Source: FIPS 180-4, sections 4.1.2, 5.1.1 and 6.2.2. The constants are the fractions of the roots of the first
/// primes, sections 4.2.2 and 5.3.3; 80-bit integers hold the roots exactly enough.
func naiveSHA256(_ message: [UInt8]) -> [UInt8] {
    let primes = (2...311).filter { number in !(2..<number).contains { number % $0 == 0 } }
    let constants = primes.map { fraction(of: $0, power: 3) }
    var state = primes.prefix(8).map { fraction(of: $0, power: 2) }
    var padded = message + [0x80]
    while padded.count % 64 != 56 { padded.append(0) }
    padded += (0..<8).map { UInt8(truncatingIfNeeded: (message.count * 8) >> (56 - 8 * $0)) }
    for block in stride(from: 0, to: padded.count, by: 64) {
        var words = (0..<16).map { word in
            padded[(block + word * 4)..<(block + word * 4 + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        for t in 16..<64 {
            let (x, y) = (words[t - 15], words[t - 2])
            let small0 = turn(x, 7) ^ turn(x, 18) ^ x >> 3
            let small1 = turn(y, 17) ^ turn(y, 19) ^ y >> 10
            words.append(small1 &+ words[t - 7] &+ small0 &+ words[t - 16])
        }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for t in 0..<64 {
            let first = h &+ (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) &+ (e & f ^ ~e & g) &+ constants[t] &+ words[t]
            let second = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) &+ (a & b ^ a & c ^ b & c)
            (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
        }
        state = zip(state, [a, b, c, d, e, f, g, h]).map { $0 &+ $1 }
    }
    return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * UInt32($0))) } }
}

private func turn(_ word: UInt32, _ by: UInt32) -> UInt32 { word >> by | word << (32 - by) }

/// The first 32 bits of the fraction of a root: of the largest r with r^power ≤ prime × 2^(32 × power).
private func fraction(of prime: Int, power: Int) -> UInt32 {
    var root: UInt64 = 0
    for bit in stride(from: 36, through: 0, by: -1) {
        let trial = root | 1 << UInt64(bit)
        var product = UInt128(trial)
        for _ in 1..<power { product *= UInt128(trial) }
        if product <= UInt128(prime) << UInt128(32 * power) { root = trial }
    }
    return UInt32(truncatingIfNeeded: root)
}
