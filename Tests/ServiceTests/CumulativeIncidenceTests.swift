import Testing

@testable import Service

/// How probable each of several competing outcomes is.
@Suite struct CumulativeIncidenceTests {
    private func estimate(_ stays: [(Int64, Int?)], outcomes: Int) -> CumulativeIncidence {
        CumulativeIncidence(stays.map { .init(age: $0.0, outcome: $0.1) }, outcomes: outcomes)
    }

    private func expect(
        _ probabilities: [Double], _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(probabilities.count == expected.count, sourceLocation: sourceLocation)
        for (probability, expected) in zip(probabilities, expected) {
            #expect(abs(probability - expected) <= 1e-13, sourceLocation: sourceLocation)
        }
    }

    @Test func outcomesOfTheSameAgeComeOutOfTheSameRiskSetAndBeforeCensorings() {
        // At 1 all six are at risk: 1/6 each, and 4/6 remain. At 2 three are at risk: 4/6 × 1/3 = 2/9 for the first,
        // so 7/18, and 4/9 remain. At 3 one is censored. At 4 one is at risk: 4/9 for the second, so 11/18.
        let estimate = estimate([(1, nil), (4, 1), (1, 1), (2, 0), (3, nil), (1, 0)], outcomes: 2)
        expect(estimate.at(0), [0, 0])
        expect(estimate.at(1), [1.0 / 6, 1.0 / 6])
        expect(estimate.at(2), [7.0 / 18, 1.0 / 6])
        expect(estimate.at(3), [7.0 / 18, 1.0 / 6])
        expect(estimate.at(4), [7.0 / 18, 11.0 / 18])
        expect(estimate.at(.max), [7.0 / 18, 11.0 / 18])
        expect(estimate.final, [7.0 / 18, 11.0 / 18])
        #expect(estimate.remaining == 0)
    }

    @Test func anOutcomeIsNotMadeMoreProbableByTakingTheOtherAsCensored() {
        // One minus Kaplan–Meier would say 1 - 3/4 × 1/2 = 5/8 for either, 10/8 in all.
        let estimate = estimate([(1, 0), (1, 1), (2, 1), (2, 0)], outcomes: 2)
        expect(estimate.final, [0.5, 0.5])
        expect(estimate.at(1), [0.25, 0.25])
    }

    @Test func withoutCensoringTheProbabilitiesArePlainShares() {
        // 30 stays at the ages 1 to 10, three at each, whose outcomes go round.
        let stays = (0..<30).map { (Int64($0 / 3 + 1), Int?.some($0 % 3)) }
        let estimate = estimate(stays, outcomes: 3)
        for age in Int64(1)...10 { expect(estimate.at(age), [Double](repeating: Double(age) / 30, count: 3)) }
        #expect(estimate.remaining == 0)
    }

    @Test func whatIsCensoredAfterTheLastOutcomeRemains() {
        // At 5: 1/4; then 2 of 3 are at risk at 7, as one is censored at 6: 3/4 × 1/2 = 3/8, and as much remains.
        let estimate = estimate([(5, 1), (6, nil), (7, 0), (9, nil)], outcomes: 2)
        expect(estimate.final, [3.0 / 8, 1.0 / 4])
        #expect(estimate.remaining == 3.0 / 8)
        expect(estimate.at(6), [0, 1.0 / 4])
    }

    @Test func anOutcomeAtAgeZeroCountsAndSoDoesANegativeAgeAsZero() {
        // All four are at risk at 0, where three outcomes come.
        let estimate = estimate([(0, 0), (-3, 1), (-1, 1), (8, nil)], outcomes: 2)
        expect(estimate.at(0), [1.0 / 4, 1.0 / 2])
        expect(estimate.at(-1), [0, 0])
        #expect(estimate.remaining == 1.0 / 4)
    }

    @Test func whereNoOutcomeCameEverythingRemains() {
        for stays in [[], [(Int64(3), Int?.none), (4, nil)]] {
            let estimate = estimate(stays, outcomes: 3)
            #expect(estimate.final == [0, 0, 0])
            #expect(estimate.at(100) == [0, 0, 0])
            #expect(estimate.remaining == 1)
        }
    }

    @Test func anOutcomeThatNeverCameHasNoProbability() {
        #expect(estimate([(1, 2), (2, 2), (3, nil)], outcomes: 4).final[..<2] == [0, 0])
        #expect(estimate([(1, 2), (2, 2), (3, nil)], outcomes: 4).final[3] == 0)
    }

    /// Source: lifelines 0.30.3, `AalenJohansenFitter` without variances; no ages are tied, since it would shift them.
    @Test func threeOutcomesComeOutAsLifelinesHasThem() {
        let stays: [(Int64, Int?)] = [
            (55, nil), (94, 2), (198, nil), (3, 0), (120, nil), (61, 1), (48, nil), (182, 1),
            (17, 0), (112, nil), (189, 1), (115, 0), (137, 0), (11, nil), (113, 1), (87, 0),
            (88, nil), (34, 2), (23, nil), (186, nil), (10, 0), (20, nil), (78, 0), (18, 0),
            (187, 2), (154, 2), (91, nil), (32, 2), (63, nil), (162, 1),
        ]
        let estimate = estimate(stays, outcomes: 3)
        let expected: [(Int64, [Double])] = [
            (17, [0.101234567901235, 0, 0]),
            (34, [0.135802469135802, 0, 0.0751476113794954]),
            (87, [0.223746113412735, 0.0415289431307738, 0.0751476113794954]),
            (115, [0.279095260160455, 0.0968780898784937, 0.125884329231572]),
            (162, [0.34136305025164, 0.159145879969679, 0.188152119322757]),
            (189, [0.34136305025164, 0.304437390182443, 0.271175839444337]),
        ]
        for (age, probabilities) in expected { expect(estimate.at(age), probabilities) }
        expect(estimate.final, expected.last?.1 ?? [])
        expect([estimate.remaining], [0.08302372012157984])
    }

    /// With all risk sets counted one by one, and Kaplan–Meier for what remains.
    @Test func anyStaysComeOutAsTheDefinitionSays() {
        var random = SplitMix(seed: 54)
        for _ in 0..<1000 {
            let stays = (0..<Int.random(in: 0...25, using: &random)).map { _ in
                CumulativeIncidence.Stay(
                    age: .random(in: 0...9, using: &random),
                    outcome: [nil, 0, 1, 1, 2].randomElement(using: &random) ?? nil)
            }
            let estimate = CumulativeIncidence(stays, outcomes: 3)
            var (expected, survival) = ([0.0, 0, 0], 1.0)
            for age in Int64(0)...9 {
                let atRisk = stays.filter { $0.age >= age }
                let coming = (0..<3).map { outcome in atRisk.count { $0.age == age && $0.outcome == outcome } }
                for outcome in 0..<3 where coming[outcome] > 0 {
                    expected[outcome] += survival * Double(coming[outcome]) / Double(atRisk.count)
                }
                if !atRisk.isEmpty { survival *= 1 - Double(coming.reduce(0, +)) / Double(atRisk.count) }
                expect(estimate.at(age), expected)
            }
            expect(estimate.final, expected)
            expect([estimate.final.reduce(0, +) + estimate.remaining], [1])
            let either = KaplanMeier(stays.map { .init(left: $0.age, isCompleted: $0.outcome != nil) })
            #expect(estimate.remaining == either.steps.last?.survival ?? 1)
        }
    }
}
