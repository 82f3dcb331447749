#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The mean time between failures, with the bounds that it lies between at a level of confidence; all in seconds.
///
/// It takes failures to come at a constant rate. The bounds are those for a fixed time of observation, so the lower
/// one counts on one more failure than was seen.
///
/// Source: NIST/SEMATECH e-Handbook of Statistical Methods, section 8.4.5.1.
struct MeanTimeBetweenFailures: Sendable, Hashable {
    /// T / r; nil where nothing failed, which no finite mean could be told from.
    let estimate: Double?
    /// 2T / χ²(1 - α/2, 2r + 2), and where nothing failed T / -ln α, which is one-sided.
    let lower: Double
    /// 2T / χ²(α/2, 2r); nil where nothing failed.
    let upper: Double?

    /// The estimate from `failures`, r, in a `total` serving time, T, of all servers, those that never failed included.
    ///
    /// `confidence`, 1 - α, is between 0 and 1: 0.9 for bounds that are right nine times in ten. nil where `total` is
    /// not a positive number of seconds, `failures` is negative or `confidence` is out of range.
    init?(total: Double, failures: Int, confidence: Double) {
        guard total > 0, total.isFinite, failures >= 0, confidence > 0, confidence < 1 else { return nil }
        guard failures > 0 else {
            estimate = nil
            lower = total / -log1p(-confidence)
            upper = nil
            return
        }
        let tail = (1 - confidence) / 2
        estimate = total / Double(failures)
        lower = 2 * total / ChiSquare.quantile(1 - tail, degreesOfFreedom: 2 * failures + 2)
        upper = 2 * total / ChiSquare.quantile(tail, degreesOfFreedom: 2 * failures)
    }
}
