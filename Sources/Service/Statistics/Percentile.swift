/// Percentiles of whole numbers, such as microseconds, in exact arithmetic.
enum Percentile {
    /// The value that this share of `sorted` lies below, between the two closest ranks by linear interpolation.
    ///
    /// The rank is (n - 1) × `share`, counted from 0. `sorted` is ascending. `share` is from 0 to 1, 0.95 for the p95,
    /// and is taken to the billionth, so that 0.95 means 95 of 100 and not the double next to it. The result is
    /// rounded to a whole number, half away from zero. nil where there are no values or `share` is out of range.
    ///
    /// Source: Hyndman, Fan, "Sample quantiles in statistical packages", The American Statistician 50, 1996, type 7;
    /// NumPy's default.
    static func of(_ sorted: [Int64], share: Double) -> Int64? {
        guard !sorted.isEmpty, (0...1).contains(share) else { return nil }
        let billion: UInt64 = 1_000_000_000
        let rank = UInt64(sorted.count - 1) * UInt64((share * 1e9).rounded())
        let (index, weight) = rank.quotientAndRemainder(dividingBy: billion)
        let lower = sorted[Int(index)]
        guard weight > 0 else { return lower }
        // The difference of two Int64 may need all 64 bits, and its product with the weight 94.
        let difference = UInt64(bitPattern: sorted[Int(index) + 1] &- lower)
        let (offset, rest) = billion.dividingFullWidth(difference.multipliedFullWidth(by: weight))
        let floor = lower &+ Int64(bitPattern: offset)
        let isUp = 2 * rest > billion || 2 * rest == billion && floor >= 0
        return isUp ? floor + 1 : floor
    }
}
