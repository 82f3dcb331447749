import Testing

@testable import Service

/// Percentiles between the closest ranks.
@Suite struct PercentileTests {
    /// Source: NumPy 2.4.6, `percentile`, for 0, 1, 5, 25, 37.5, 50, 75, 90, 95, 99, 99.9 and 100.
    static let references: [(sorted: [Int64], percentiles: [Double])] = [
        (
            [114_359, 286_817, 421_547, 603_148, 667_520, 870_249, 961_044],
            [
                114_359, 124706.48, 166096.4, 354_182, 466947.25, 603_148, 768884.5, 906_567, 933805.5, 955596.3,
                960499.23, 961_044,
            ]
        ),
        (
            [
                6_334_369_935_820, 29_935_127_760_224, 73_357_104_749_410, 492_297_482_612_937, 545_998_772_567_587,
                806_228_358_763_020, 935_196_598_507_424, 968_717_129_462_995, 1_030_626_392_385_852,
                1_033_843_661_005_393,
            ],
            [
                6_334_369_935_820, 8458438140016.359, 16954710956801.8, 178092199215291.75, 512435466345930.75,
                676113565665303.5, 960336996724102.2, 1030948119247806.1, 1032395890126599.5, 1033554106829634.2,
                1033814705587817.1, 1_033_843_661_005_393,
            ]
        ),
        (
            [-389, -23, 87, 105, 245, 277, 292, 387],
            [-389, -363.38, -260.9, 59.5, 98.25, 175, 280.75, 320.5, 353.75, 380.35, 386.335, 387]
        ),
        ([0, 1, 10], [0, 0.02, 0.1, 0.5, 0.75, 1, 5.5, 8.2, 9.1, 9.82, 9.982, 10]),
        ([3, 4], [3, 3.01, 3.05, 3.25, 3.375, 3.5, 3.75, 3.9, 3.95, 3.99, 3.999, 4]),
        ([5], [5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5]),
    ]

    @Test(arguments: references) func percentilesComeOutAsNumPyHasThem(sorted: [Int64], percentiles: [Double]) {
        let shares = [0, 0.01, 0.05, 0.25, 0.375, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1]
        #expect(
            shares.map { Percentile.of(sorted, share: $0) }
                == percentiles.map { Int64($0.rounded(.toNearestOrAwayFromZero)) })
    }

    @Test func noValuesHaveNoPercentile() {
        for share in [0, 0.5, 1] { #expect(Percentile.of([], share: share) == nil) }
    }

    @Test func aShareOutOfRangeHasNoPercentile() {
        for share in [-0.01, 1.01, 95, .nan, .infinity] { #expect(Percentile.of([1, 2, 3], share: share) == nil) }
    }

    @Test func halvesAreRoundedAwayFromZero() {
        #expect(Percentile.of([0, 1], share: 0.5) == 1)
        #expect(Percentile.of([-1, 0], share: 0.5) == -1)
        #expect(Percentile.of([2, 3], share: 0.5) == 3)
        #expect(Percentile.of([-3, -2], share: 0.5) == -3)
        #expect(Percentile.of([-2, 1], share: 0.5) == -1)
        #expect(Percentile.of([-1, 2], share: 0.5) == 1)
        #expect(Percentile.of([0, 1], share: 0.499999999) == 0)
        #expect(Percentile.of([-1, 0], share: 0.500000001) == 0)
    }

    /// 0.95 × 6 is 5.7, and 0.7 × 5 is a half; the nearest doubles come to less than that.
    @Test func aShareMeansItsDecimalsAndNotTheDoubleNextToThem() {
        #expect(Percentile.of([0, 0, 0, 0, 0, 0, 5], share: 0.95) == 4)  // 3.5
        #expect(Percentile.of([0, 0, 0, 0, 0, 10, 15], share: 0.95) == 14)  // 13.5
        // 0.29 × 50 = 14.5, in doubles 14.499999999999998
        #expect(Percentile.of((0...50).map { $0 }, share: 0.29) == 15)
    }

    @Test func theGreatestDifferencesAndValuesAreExact() {
        // -1/2, of all 64 bits
        #expect(Percentile.of([.min, .max], share: 0.5) == -1)
        #expect(Percentile.of([.min, .max], share: 0) == .min)
        #expect(Percentile.of([.min, .max], share: 1) == .max)
        let nextToLast = Int64.max - 1
        #expect(Percentile.of([nextToLast, .max], share: 0.5) == .max)
        #expect(Percentile.of([nextToLast, .max], share: 0.499999999) == nextToLast)
        #expect(Percentile.of([.min, .min + 1], share: 0.5) == .min)
        #expect(Percentile.of([.min, .min], share: 0.3) == .min)
        let (noDouble, fifth): (Int64, Int64) = (1 << 53 + 1, 1 << 53 + 3)
        #expect(Percentile.of([noDouble, noDouble, noDouble], share: 0.95) == noDouble)
        #expect(Percentile.of([noDouble, noDouble + 10], share: 0.2) == fifth)
    }

    /// In 128 bits: a billion times the value, rounded once.
    @Test func anyPercentileIsTheExactOneRounded() {
        var random = SplitMix(seed: 55)
        for _ in 0..<3000 {
            let bits = Int.random(in: 0..<62, using: &random)
            let sorted = (0..<Int.random(in: 1...30, using: &random))
                .map { _ in Int64(truncatingIfNeeded: random.next()) >> Int64(bits) }.sorted()
            let millionths =
                Bool.random(using: &random)
                ? Int.random(in: 0...20, using: &random) * 50_000 : Int.random(in: 0...1_000_000, using: &random)
            let rank = (sorted.count - 1) * millionths
            let (index, weight) = rank.quotientAndRemainder(dividingBy: 1_000_000)
            let upper = Int128(sorted[min(index + 1, sorted.count - 1)])
            let exact = Int128(sorted[index]) * Int128(1_000_000 - weight) + upper * Int128(weight)
            let rounded = (2 * exact.magnitude + 1_000_000) / 2_000_000
            let expected = exact < 0 ? -Int128(rounded) : Int128(rounded)
            let percentile = Percentile.of(sorted, share: Double(millionths) / 1e6)
            #expect(percentile.map { Int128($0) } == expected, "\(sorted), \(millionths)")
        }
    }
}
