import Testing

@testable import Service

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The quantiles of the chi-square distribution.
@Suite struct ChiSquareTests {
    /// Source: SciPy 1.17.1, `chi2.ppf`, each within 1e-15 of what 40 digits of mpmath come to.
    static let quantiles: [(probability: Double, degreesOfFreedom: Int, value: Double)] = [
        (1e-6, 1, 1.5707963267957187e-12), (0.75, 1, 1.3233036969314664), (0.95, 1, 3.841458820694124),
        (0.995, 1, 7.879438576622417), (0.999999, 1, 23.92812697687947), (1e-6, 2, 2.0000010000006676e-06),
        (0.05, 2, 0.10258658877510106), (0.999999, 2, 27.631021115871036), (0.025, 3, 0.21579528262389785),
        (0.1, 3, 0.5843743741551835), (0.001, 4, 0.09080403553897909), (0.1, 4, 1.063623216779224),
        (1e-6, 7, 0.07852360099036994), (0.999999, 7, 40.52183123411472), (0.005, 10, 2.155856481304639),
        (0.999, 10, 29.58829844507442), (0.025, 30, 16.79077226556663), (0.95, 30, 43.77297182574219),
        (0.025, 31, 17.5387385814755), (0.25, 31, 25.390139311488223), (0.005, 32, 15.134032105415724),
        (0.999, 32, 62.487219057088474), (0.001, 33, 13.43088901834953), (0.975, 33, 50.72508006628123),
        (0.5, 50, 49.33493673397683), (0.75, 50, 56.33360492213238), (0.9, 100, 118.49800381106212),
        (0.999999, 100, 182.12677711942618), (0.75, 1000, 1029.789814088861), (0.999, 1000, 1143.9170926196791),
        (0.025, 5001, 4806.885131525603), (0.1, 5001, 4873.267902837398), (1e-6, 20000, 19063.670234379613),
        (0.005, 20000, 19488.59121914591), (0.001, 99999, 98622.71072634643), (0.9, 99999, 100572.55096133696),
        (1e-6, 200000, 197008.05413019544), (0.005, 200000, 198374.65926632966), (0.05, 200000, 198960.84149357743),
        (0.5, 200000, 199999.3333337284), (0.999, 200000, 201960.13558391845), (0.999999, 200000, 203020.73917735834),
    ]

    @Test(arguments: quantiles)
    func quantilesComeOutAsSciPyHasThem(probability: Double, degreesOfFreedom: Int, value: Double) {
        let quantile = ChiSquare.quantile(probability, degreesOfFreedom: degreesOfFreedom)
        #expect(abs(quantile - value) <= 1e-12 * value, "\(quantile)")
    }

    /// Source: NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.4.
    @Test func quantilesComeOutAsTheHandbookPrintsThem() {
        let printed: [(Double, Int, Double)] = [
            (0.9, 1, 2.706), (0.95, 1, 3.841), (0.95, 10, 18.307), (0.999, 10, 29.588), (0.99, 100, 135.807),
            (0.1, 10, 4.865), (0.05, 10, 3.940), (0.001, 10, 1.479), (0.025, 100, 74.222),
        ]
        for (probability, degreesOfFreedom, value) in printed {
            let quantile = ChiSquare.quantile(probability, degreesOfFreedom: degreesOfFreedom)
            #expect(abs(quantile - value) <= 0.0005, "\(probability), \(degreesOfFreedom)")
        }
    }

    /// With 2 degrees of freedom the distribution is exponential, with mean 2.
    @Test func withTwoDegreesOfFreedomTheQuantileIsALogarithm() {
        for probability in [1e-6, 0.001, 0.1, 0.3, 0.49999, 0.5, 0.50001, 0.632, 0.9, 0.99, 0.9999, 1 - 1e-6] {
            let expected = -2 * log1p(-probability)
            let quantile = ChiSquare.quantile(probability, degreesOfFreedom: 2)
            #expect(abs(quantile - expected) <= 1e-13 * expected, "\(probability)")
        }
    }

    /// With 2r degrees of freedom the upper tail at x is the probability of fewer than r of a Poisson variable with
    /// mean x/2, a finite sum.
    @Test func withEvenDegreesOfFreedomTheTailIsASumOfPoissonProbabilities() {
        for failures in [1, 2, 5, 7, 8, 9, 15, 16, 17, 40, 150] {
            for probability in [1e-6, 0.01, 0.2, 0.45, 0.55, 0.8, 0.99, 1 - 1e-6] {
                let mean = ChiSquare.quantile(probability, degreesOfFreedom: 2 * failures) / 2
                var (term, tail) = (exp(-mean), 0.0)
                for count in 0..<failures {
                    tail += term
                    term *= mean / Double(count + 1)
                }
                #expect(abs(tail - (1 - probability)) <= 1e-13, "\(failures), \(probability)")
            }
        }
    }

    @Test func quantilesGrowWithTheProbabilityAndWithTheDegreesOfFreedom() {
        let probabilities = [1e-6, 0.01, 0.25, 0.4999999, 0.5, 0.5000001, 0.75, 0.99, 1 - 1e-6]
        for degreesOfFreedom in (1...70).map({ $0 }) + [999, 1000, 5000, 199_999] {
            let quantiles = probabilities.map { ChiSquare.quantile($0, degreesOfFreedom: degreesOfFreedom) }
            let next = probabilities.map { ChiSquare.quantile($0, degreesOfFreedom: degreesOfFreedom + 1) }
            #expect(zip(quantiles, quantiles.dropFirst()).allSatisfy { $0 < $1 }, "\(degreesOfFreedom)")
            #expect(zip(quantiles, next).allSatisfy { $0 < $1 }, "\(degreesOfFreedom)")
        }
    }

    @Test func theEndsOfTheDistributionAreItsQuantilesForZeroAndOne() {
        for degreesOfFreedom in [1, 2, 1000] {
            #expect(ChiSquare.quantile(0, degreesOfFreedom: degreesOfFreedom) == 0)
            #expect(ChiSquare.quantile(1, degreesOfFreedom: degreesOfFreedom) == .infinity)
        }
    }

    @Test func whatIsNoProbabilityOrHasNoDegreeOfFreedomHasNoQuantile() {
        for probability in [-0.1, 1.1, .nan, .infinity, -.infinity] {
            #expect(ChiSquare.quantile(probability, degreesOfFreedom: 3).isNaN, "\(probability)")
        }
        for degreesOfFreedom in [0, -1] {
            #expect(ChiSquare.quantile(0.5, degreesOfFreedom: degreesOfFreedom).isNaN, "\(degreesOfFreedom)")
        }
    }
}
