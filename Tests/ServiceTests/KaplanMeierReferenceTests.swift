import Testing

@testable import Service

/// How long stays last, against published figures, another implementation, and the definition taken literally.
@Suite struct KaplanMeierReferenceTests {
    typealias Row = (entered: Int64, left: Int64, isCompleted: Bool)

    private func stays(_ rows: [Row]) -> [KaplanMeier.Stay] {
        rows.map { .init(entered: $0.entered, left: $0.left, isCompleted: $0.isCompleted) }
    }

    private func expect(_ estimate: KaplanMeier, _ steps: [(Int64, Double)], within tolerance: Double) {
        #expect(estimate.steps.map(\.age) == steps.map(\.0))
        for (step, expected) in zip(estimate.steps, steps) {
            #expect(abs(step.survival - expected.1) <= tolerance, "at \(step.age)")
        }
    }

    /// Weeks of remission under 6-MP. Source: Freireich et al., 1963; as in Cox, Oakes, "Analysis of Survival Data",
    /// 1984, where S is given to three places and the median is 23 weeks.
    @Test func theCurveOfTheLeukaemiaTrialComesOutAsPublished() {
        let completed: [Int64] = [6, 6, 6, 7, 10, 13, 16, 22, 23]
        let censored: [Int64] = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
        let estimate = KaplanMeier(
            censored.map { .init(left: $0, isCompleted: false) } + completed.map { .init(left: $0, isCompleted: true) })
        expect(
            estimate,
            [(6, 0.857), (7, 0.807), (10, 0.753), (13, 0.690), (16, 0.627), (22, 0.538), (23, 0.448)], within: 0.0005)
        #expect(estimate.quantile(0.5) == 23)
        #expect(estimate.quantile(0.25) == 13)
        #expect(estimate.quantile(0.9) == nil)
    }

    /// Source: lifelines 0.30.3, `KaplanMeierFitter`.
    @Test func tiesAndCensoringComeOutAsLifelinesHasThem() {
        let estimate = KaplanMeier(
            stays([
                (0, 22, true), (0, 1, true), (0, 12, false), (0, 10, true), (0, 16, true), (0, 12, false),
                (0, 10, false), (0, 0, true), (0, 19, false), (0, 15, false), (0, 21, false), (0, 11, true),
                (0, 0, true), (0, 22, true), (0, 6, false), (0, 9, false), (0, 17, true), (0, 22, false),
                (0, 10, true), (0, 9, true), (0, 6, true), (0, 13, true), (0, 7, false), (0, 23, false),
                (0, 18, true), (0, 1, false), (0, 13, false), (0, 23, true), (0, 3, true), (0, 17, false),
                (0, 3, true), (0, 3, true), (0, 4, true), (0, 16, true), (0, 7, true), (0, 7, true),
                (0, 18, true), (0, 8, false), (0, 0, true), (0, 19, true),
            ]))
        expect(
            estimate,
            [
                (0, 0.925), (1, 0.9), (3, 0.822857142857143),
                (4, 0.797142857142857), (6, 0.771428571428572), (7, 0.718226600985222),
                (9, 0.689497536945813), (10, 0.629541229385308), (11, 0.598064167916042),
                (13, 0.56288392274451), (16, 0.482471933781009), (17, 0.442265939299258),
                (18, 0.353812751439406), (19, 0.309586157509481), (22, 0.185751694505688),
                (23, 0.0928758472528442),
            ], within: 1e-13)
        #expect([0.25, 0.5, 0.75, 0.9].map { estimate.quantile($0) } == [7, 16, 22, 23])
    }

    /// Source: lifelines 0.30.3, `KaplanMeierFitter` with `entry`, which leaves whoever enters at an age out of the
    /// risk set of that age, as here; 24 of these stays enter at an age at which others complete.
    @Test func delayedEntryComesOutAsLifelinesHasIt() {
        let estimate = KaplanMeier(
            stays([
                (3, 18, true), (0, 15, true), (10, 16, true), (5, 20, true), (3, 9, false), (3, 4, true),
                (0, 6, true), (0, 12, true), (2, 16, true), (1, 16, true), (5, 7, true), (7, 21, true),
                (4, 19, false), (0, 11, true), (0, 2, false), (8, 9, true), (0, 9, true), (10, 15, true),
                (0, 14, false), (7, 18, true), (0, 15, true), (5, 9, true), (4, 11, true), (10, 21, true),
                (4, 18, true), (0, 13, true), (6, 19, true), (3, 9, false), (0, 11, true), (1, 13, false),
                (0, 13, true), (3, 12, false), (5, 8, true), (0, 10, true), (10, 20, true), (2, 15, true),
                (0, 16, true), (0, 4, false), (0, 4, true), (0, 15, true), (6, 19, false), (0, 6, false),
                (0, 14, true), (0, 17, true), (10, 19, true), (1, 11, false), (0, 0, false), (0, 14, false),
                (0, 10, true), (9, 12, false), (5, 18, true), (0, 17, false), (0, 8, false), (0, 6, true),
                (11, 26, false), (8, 19, true), (0, 3, true), (6, 14, true), (10, 22, true), (10, 24, true),
            ]))
        expect(
            estimate,
            [
                (3, 0.96551724137931), (4, 0.907001044932079), (6, 0.859264147830391),
                (7, 0.836651933413802), (8, 0.815199319736525), (9, 0.752491679756792),
                (10, 0.709492155199261), (11, 0.656280243559317), (12, 0.638542939679335),
                (13, 0.600981590286433), (14, 0.562208584461502), (15, 0.458095883635298),
                (16, 0.374805722974334), (17, 0.353983182809094), (18, 0.26548738710682),
                (19, 0.199115540330115), (20, 0.142225385950082), (21, 0.0853352315700494),
                (22, 0.0568901543800329), (24, 0.0284450771900165),
            ], within: 1e-13)
        #expect([0.25, 0.5, 0.75, 0.9].map { estimate.quantile($0) } == [10, 15, 19, 21])
    }

    /// Up to twelve stays, so that the product over the whole risk sets, counted one by one, fits two integers.
    @Test func anyStaysComeOutAsTheDefinitionSays() {
        var random = SplitMix(seed: 53)
        var (reached, zeroes) = (0, 0)
        for _ in 0..<3000 {
            let stays = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                KaplanMeier.Stay(
                    entered: Bool.random(using: &random) ? 0 : .random(in: 0...6, using: &random),
                    left: .random(in: 0...9, using: &random), isCompleted: Int.random(in: 0..<3, using: &random) > 0)
            }
            let estimate = KaplanMeier(stays)
            var expected: [(age: Int64, over: Int, under: Int)] = []
            var (over, under) = (1, 1)
            for age in Int64(0)...9 where over > 0 {
                let atRisk = stays.filter { ($0.entered < age || $0.entered == 0 && age == 0) && age <= $0.left }
                let events = atRisk.count { $0.isCompleted && $0.left == age }
                guard events > 0 else { continue }
                over *= atRisk.count - events
                under *= atRisk.count
                expected.append((age, over, under))
            }
            #expect(estimate.steps.map(\.age) == expected.map(\.age), "\(stays)")
            #expect(estimate.steps.map(\.survival) == expected.map { Double($0.over) / Double($0.under) }, "\(stays)")
            for tenths in 1...10 {
                let first = expected.first { 10 * $0.over <= (10 - tenths) * $0.under }?.age
                #expect(estimate.quantile(Double(tenths) / 10) == first, "\(tenths) tenths of \(stays)")
                reached += first == nil ? 0 : 1
            }
            zeroes += expected.last?.over == 0 ? 1 : 0
            #expect(KaplanMeier(stays.shuffled(using: &random)).steps.map(\.survival) == estimate.steps.map(\.survival))
        }
        #expect(reached > 5000 && zeroes > 500)
    }
}
