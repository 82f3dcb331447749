import Testing

@testable import Service

/// The mean time between failures and its bounds.
@Suite struct MeanTimeBetweenFailuresTests {
    private func isClose(_ value: Double?, _ expected: Double) -> Bool {
        value.map { abs($0 - expected) <= 1e-12 * expected } ?? false
    }

    /// Source: NIST/SEMATECH e-Handbook of Statistical Methods, section 8.4.5.1, its example: 2 failures in 800 hours
    /// are 400 hours between failures, at 90 % between 127 and 2251.
    @Test func theExampleOfTheHandbookComesOutAsPublished() throws {
        let hour = 3600.0
        let mean = try #require(MeanTimeBetweenFailures(total: 800 * hour, failures: 2, confidence: 0.9))
        #expect(mean.estimate == 400 * hour)
        #expect((mean.lower / hour).rounded() == 127)
        #expect((try #require(mean.upper) / hour).rounded() == 2251)
    }

    /// Source: SciPy 1.17.1, `chi2.ppf` put into the formulas.
    @Test(
        arguments: [
            (2_880_000, 2, 0.9, 1_440_000, 457448.28578794206, 8104422.998252534),
            (1_000_000, 1, 0.6, 1_000_000, 333966.941314241, 4481420.11772455),
            (31_557_600, 17, 0.95, 1856329.4117647058, 1159411.0542467416, 3186630.0099115474),
            (5_000_000_000, 99_999, 0.99, 50000.50000500005, 49595.092295387534, 50410.17056668983),
            (12345.678, 500, 0.8, 24.691356, 23.298541189982934, 26.180154292057022),
        ] as [(Double, Int, Double, Double, Double, Double)])
    func boundsComeOutAsSciPyHasThem(
        total: Double, failures: Int, confidence: Double, estimate: Double, lower: Double, upper: Double
    ) throws {
        let mean = try #require(MeanTimeBetweenFailures(total: total, failures: failures, confidence: confidence))
        #expect(isClose(mean.estimate, estimate))
        #expect(isClose(mean.lower, lower), "\(mean.lower)")
        #expect(isClose(mean.upper, upper), "\(String(describing: mean.upper))")
    }

    @Test func withoutAFailureThereIsALowerBoundOnly() throws {
        // A day without a failure, at 95 %: 86400 / -ln 0.05 = 86400 / 2.995732… = 28841.03
        let mean = try #require(MeanTimeBetweenFailures(total: 86400, failures: 0, confidence: 0.95))
        #expect(mean.estimate == nil)
        #expect(mean.upper == nil)
        #expect(isClose(mean.lower, 28841.028540076873))
    }

    @Test func moreConfidenceTakesWiderBounds() throws {
        for failures in [1, 3, 40] {
            let means = try [0.5, 0.8, 0.95, 0.999].map {
                try #require(MeanTimeBetweenFailures(total: 1e6, failures: failures, confidence: $0))
            }
            for (less, more) in zip(means, means.dropFirst()) {
                #expect(more.lower < less.lower)
                #expect(try #require(more.upper) > #require(less.upper))
                #expect(more.estimate == less.estimate)
            }
        }
    }

    @Test func theEstimateLiesBetweenItsBoundsAndAllGrowWithTheTime() throws {
        for failures in [1, 2, 10, 1000] {
            let mean = try #require(MeanTimeBetweenFailures(total: 5000, failures: failures, confidence: 0.9))
            let estimate = try #require(mean.estimate)
            let upper = try #require(mean.upper)
            #expect(mean.lower < estimate && estimate < upper)
            let twice = try #require(MeanTimeBetweenFailures(total: 10000, failures: failures, confidence: 0.9))
            #expect(twice.estimate == 2 * estimate && twice.lower == 2 * mean.lower && twice.upper == 2 * upper)
        }
    }

    @Test func whereNothingServedThereIsNothingToTell() {
        for total in [0, -1, .nan, .infinity] {
            #expect(MeanTimeBetweenFailures(total: total, failures: 0, confidence: 0.9) == nil, "\(total)")
            #expect(MeanTimeBetweenFailures(total: total, failures: 3, confidence: 0.9) == nil, "\(total)")
        }
    }

    @Test func aConfidenceThatIsNoneAndFailuresBelowZeroAreRefused() {
        for confidence in [0, 1, -0.5, 90, .nan] {
            #expect(MeanTimeBetweenFailures(total: 1, failures: 1, confidence: confidence) == nil, "\(confidence)")
            #expect(MeanTimeBetweenFailures(total: 1, failures: 0, confidence: confidence) == nil, "\(confidence)")
        }
        #expect(MeanTimeBetweenFailures(total: 1, failures: -1, confidence: 0.9) == nil)
    }
}
