import Testing

@testable import Service

/// How long stays last, worked out by hand; `KaplanMeierReferenceTests` has what others worked out.
@Suite struct KaplanMeierTests {
    private func estimate(_ stays: [(entered: Int64, left: Int64, isCompleted: Bool)]) -> KaplanMeier {
        KaplanMeier(stays.map { .init(entered: $0.entered, left: $0.left, isCompleted: $0.isCompleted) })
    }

    private func expect(
        _ estimate: KaplanMeier, _ steps: [(Int64, Double)], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(estimate.steps.map(\.age) == steps.map(\.0), sourceLocation: sourceLocation)
        // Each of these is one division of small integers, so the nearest double is what both must come to.
        #expect(estimate.steps.map(\.survival) == steps.map(\.1), sourceLocation: sourceLocation)
    }

    @Test func aMedianIsNotReachedWhileMoreThanHalfAreStillThere() {
        // S(10) = 3/4, and nothing ends after that.
        let estimate = estimate([(0, 10, true), (0, 20, false), (0, 30, false), (0, 40, false)])
        expect(estimate, [(10, 3.0 / 4)])
        #expect(estimate.quantile(0.5) == nil)
        #expect(estimate.quantile(0.25) == 10)
    }

    @Test func aMedianIsReachedWhereExactlyHalfAreLeft() {
        // S(10) = 3/4, S(20) = 3/4 × 2/3 = 1/2.
        let estimate = estimate([(0, 10, true), (0, 20, true), (0, 30, false), (0, 30, false)])
        expect(estimate, [(10, 3.0 / 4), (20, 1.0 / 2)])
        #expect(estimate.quantile(0.5) == 20)
        #expect(estimate.quantile(0.51) == nil)
    }

    /// In plain doubles the product over 24 stays is 0.5000000000000001 at the twelfth, and 1 - 0.9 is not 0.1.
    @Test func noRoundingHidesThatAShareIsReached() {
        for tens in Int64(1)...40 {
            let count = 10 * tens
            let estimate = KaplanMeier((1...count).map { .init(left: $0, isCompleted: true) })
            #expect(estimate.quantile(0.5) == count / 2, "\(count)")
            for tenth in Int64(1)...9 {
                #expect(estimate.quantile(Double(tenth) / 10) == tenth * tens, "\(tenth) tenths of \(count)")
            }
        }
        for half in Int64(1)...200 {
            let estimate = KaplanMeier((1...2 * half).map { .init(left: $0, isCompleted: true) })
            #expect(estimate.quantile(0.5) == half)
        }
        // S(6) = 9/15; 7 to 9 are censored; S(10) = 9/15 × 5/6 = 1/2, in plain doubles 0.5000000000000001.
        let censored = estimate((1...15).map { (0, $0, $0 < 7 || $0 == 10) })
        #expect(censored.quantile(0.5) == 10)
        #expect(censored.steps.last?.survival == 0.5)
    }

    @Test func completionsComeBeforeCensoringsOfTheSameAge() {
        // At 10 all four are at risk: S = 2/4. At 20 the one that is left: S = 0.
        let estimate = estimate([(0, 10, false), (0, 10, true), (0, 20, true), (0, 10, true)])
        expect(estimate, [(10, 1.0 / 2), (20, 0)])
    }

    @Test func whoeverEntersLateIsAtRiskOnlyAfterThat() {
        // At 10: those of (0, 10) and (0, 30), not the one that enters at 10: S = 1/2.
        // At 20: those of (10, 20), (0, 30) and (15, 30), not the one that enters at 20: S = 1/2 × 2/3 = 1/3.
        // At 30: (0, 30), (15, 30) and (20, 40), two of which complete: S = 1/3 × 1/3.
        let estimate = estimate([
            (0, 10, true), (10, 20, true), (0, 30, true), (15, 30, true), (20, 40, false),
        ])
        expect(estimate, [(10, 1.0 / 2), (20, 1.0 / 3), (30, 1.0 / 9)])
        #expect(estimate.quantile(0.5) == 10)
        #expect(estimate.quantile(0.6) == 20)
    }

    @Test func completedStaysOfNoLengthAreEventsAtAgeZero() {
        // At 0 four are at risk, not the one that enters at 1, and not those that were never observed: S = 2/4.
        // At 5 the two from the beginning and the one that entered at 1: S = 1/2 × 2/3 = 1/3.
        let estimate = estimate([(0, 0, true), (0, 0, true), (0, 5, true), (0, 9, false), (1, 9, false)])
        expect(estimate, [(0, 1.0 / 2), (5, 1.0 / 3)])
        #expect(estimate.quantile(0.5) == 0)
    }

    @Test func aCensoredStayOfNoLengthIsAtRiskAtAgeZeroAndNowhereElse() {
        // At 0: S = 2/3; at 5 one is left, which completes.
        expect(estimate([(0, 0, true), (0, 0, false), (0, 5, true)]), [(0, 2.0 / 3), (5, 0)])
    }

    @Test func aStayThatWasNotObservedAfterItsDelayedEntryIsLeftOut() {
        let observed: [(Int64, Int64, Bool)] = [(0, 10, true), (0, 20, false), (4, 20, false)]
        let unobserved: [(Int64, Int64, Bool)] = [(5, 5, true), (10, 10, true), (10, 10, false), (7, 3, true)]
        expect(estimate(observed), [(10, 2.0 / 3)])
        expect(estimate(observed + unobserved), [(10, 2.0 / 3)])
        expect(estimate(unobserved), [])
    }

    @Test func aNegativeAgeCountsAsZero() {
        expect(estimate([(0, -7, true), (-5, 10, true), (-1, -1, true)]), [(0, 1.0 / 3), (10, 0)])
    }

    @Test func nothingComesBackOnceNobodyIsLeft() {
        // At 5 the only one at risk completes; whoever enters later cannot raise S again, nor lower it.
        let estimate = estimate([(0, 5, true), (6, 10, true), (6, 20, true)])
        expect(estimate, [(5, 0)])
        #expect(estimate.quantile(1) == 5)
    }

    @Test func withoutACompletedStayNoShareIsEverReached() {
        for stays in [[], [KaplanMeier.Stay(left: 10, isCompleted: false)]] {
            let estimate = KaplanMeier(stays)
            #expect(estimate.steps.isEmpty)
            #expect([0.001, 0.5, 1].allSatisfy { estimate.quantile($0) == nil })
        }
    }

    @Test func aShareThatIsNoneIsReachedAtOnceAndOneAboveAllNever() {
        let estimate = estimate([(0, 10, true), (0, 20, true)])
        #expect(estimate.quantile(1) == 20)
        #expect(estimate.quantile(0) == 0)
        #expect(estimate.quantile(-1) == 0)
        #expect(estimate.quantile(1.01) == nil)
        #expect(estimate.quantile(.nan) == nil)
    }

    @Test func theGreatestAgesAreAgesLikeAnyOther() {
        let estimate = estimate([(0, .max, true), (.max - 1, .max, true), (.max - 1, .max, false), (.max, .max, true)])
        expect(estimate, [(.max, 1.0 / 3)])
    }

    /// Two at risk at each of 2000 ages, one of whom completes: S halves until a double cannot hold it.
    @Test func aCurveThatUnderflowsStillFallsToZero() {
        let stays: [(Int64, Int64, Bool)] = (0..<2000).map { (2 * $0, 2 * $0 + 2, true) }
        let estimate = estimate(stays + [(0, 5000, false)])
        for (index, step) in estimate.steps.prefix(1000).enumerated() {
            #expect(step.survival == Double(sign: .plus, exponent: -index - 1, significand: 1))
        }
        #expect(zip(estimate.steps, estimate.steps.dropFirst()).allSatisfy { $0.survival > $1.survival })
        #expect(estimate.steps.last?.survival == 0)
    }
}
