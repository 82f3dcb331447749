#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The chi-square distribution, for the bounds of a mean time between failures.
///
/// With k degrees of freedom it is twice a gamma distribution of shape k/2, so all is computed for that one.
enum ChiSquare {
    /// The value that a chi-square variable is below with this probability.
    ///
    /// The relative error is at most 1e-10 for 1 to 200,000 degrees of freedom and probabilities from 1e-6 to
    /// 1 - 1e-6; beyond them it grows slowly. 0 and infinity for the probabilities 0 and 1, NaN for what is no
    /// probability and for less than 1 degree of freedom.
    ///
    /// Newton's method on the logarithm of the smaller tail, which keeps its digits where the other tail is close to
    /// 1. The logarithm of the lower tail is concave over ln x, and that of the upper tail concave over x, or convex
    /// for 1 degree of freedom; so after the first step all others approach the solution from one side. What rounding
    /// makes of a step is still kept within the bracket of what is known, by bisection.
    static func quantile(_ probability: Double, degreesOfFreedom: Int) -> Double {
        guard (0...1).contains(probability), degreesOfFreedom >= 1 else { return .nan }
        guard probability > 0 else { return 0 }
        guard probability < 1 else { return .infinity }
        let shape = Double(degreesOfFreedom) / 2
        let isLower = probability <= 0.5
        let wanted = isLower ? probability : 1 - probability
        var (low, x, high) = (0.0, shape, Double.infinity)
        // It takes 2 to 8 steps within the limits above; far beyond them bisection may need hundreds.
        for _ in 0..<2000 {
            let tails = Tails(shape: shape, x: x)
            let tail = isLower ? tails.lower : tails.upper
            if isLower == (tail < wanted) { low = x } else { high = x }
            let error = log(tail / wanted)
            var next =
                isLower
                ? x * exp(-error * tail / tails.slope)
                : x * (1 + error * tail / tails.slope)
            if !next.isFinite || !(low...high).contains(next) { next = high.isFinite ? low + (high - low) / 2 : 2 * x }
            // Convergence is quadratic: after a step of 1e-12 the next would be below the precision of a double.
            if abs(next - x) <= 1e-12 * x { return 2 * next }
            x = next
        }
        return 2 * x
    }
}

/// The regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 - P(a, x), for a half-integer shape a > 0 and
/// x > 0.
///
/// The smaller of the two has a relative error of about 1e-13; the other is 1 minus it.
private struct Tails {
    let lower: Double
    let upper: Double
    /// x times the density, the derivative of `lower` over ln x.
    let slope: Double

    init(shape: Double, x: Double) {
        let term = Self.term(shape: shape, x: x)
        slope = shape * term
        // Either expansion converges fast on its own side of a + 1. Source: Press et al., "Numerical Recipes", 3rd
        // edition, section 6.2.
        if x < shape + 1 {
            lower = min(1, term * Self.series(shape: shape, x: x))
            upper = 1 - lower
        } else {
            upper = min(1, slope * Self.fraction(shape: shape, x: x))
            lower = 1 - upper
        }
    }

    /// x^a e^-x / Γ(a + 1).
    ///
    /// For large shapes the powers would cancel each other to a few digits, so they are taken together: a times
    /// ln(1 + m) - m with m = (x - a) / a, and Stirling's series for what remains of the gamma function.
    ///
    /// Source: Loader, "Fast and accurate computation of binomial probabilities", 2000; NIST DLMF 5.11.1 for the
    /// series, whose first term left out is below 2e-14 from a shape of 16 on.
    private static func term(shape: Double, x: Double) -> Double {
        guard shape >= 16 else { return exp(shape * log(x) - x) / tgamma(shape + 1) }
        let excess = (x - shape) / shape
        let inverse = 1 / (shape * shape)
        let stirling =
            (1.0 / 12 - inverse * (1.0 / 360 - inverse * (1.0 / 1260 - inverse / 1680))) / shape
        return exp(shape * (log1p(excess) - excess) - stirling) / (2 * Double.pi * shape).squareRoot()
    }

    /// P(a, x) over `term`: 1 + x/(a + 1) + x²/((a + 1)(a + 2)) + …
    ///
    /// Source: NIST DLMF 8.11.4.
    private static func series(shape: Double, x: Double) -> Double {
        var (sum, summand, divisor) = (1.0, 1.0, shape)
        repeat {
            divisor += 1
            summand *= x / divisor
            sum += summand
        } while summand > sum * 0x1p-54
        return sum
    }

    /// Q(a, x) over `slope`: 1/(x + 1 - a - 1(1 - a)/(x + 3 - a - 2(2 - a)/(x + 5 - a - …))).
    ///
    /// Source: NIST DLMF 8.9.2, contracted to its even part; evaluated by the modified method of Lentz, Thompson,
    /// Barnett, "Coulomb and Bessel functions of complex arguments and order", Journal of Computational Physics 64,
    /// 1986.
    private static func fraction(shape: Double, x: Double) -> Double {
        /// In place of a denominator of 0; so small that it changes no other.
        let tiny = 1e-300
        var denominator = x + 1 - shape
        var upper = 1 / tiny
        var lower = 1 / denominator
        var result = lower
        // About 10 √a steps are needed next to a + 1, and fewer further out.
        for index in 1...1_000_000 {
            let numerator = -Double(index) * (Double(index) - shape)
            denominator += 2
            lower = numerator * lower + denominator
            lower = 1 / (abs(lower) < tiny ? tiny : lower)
            upper = numerator / upper + denominator
            if abs(upper) < tiny { upper = tiny }
            let change = lower * upper
            result *= change
            if abs(change - 1) <= 0x1p-51 { break }
        }
        return result
    }
}
