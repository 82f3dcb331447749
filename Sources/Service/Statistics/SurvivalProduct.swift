/// A product of fractions that is right to the last bit of a double, however many factors it has.
///
/// Rounding after each factor would add up: of 24 stays, twelve of them completed, plain doubles leave
/// 0.5000000000000001, which is not yet a median. So what each operation rounds away is carried along, which makes
/// about 104 bits; the error of a million factors stays below 2^-80, and the value is off by no more than its own
/// rounding. Below about 1e-290 the carried part underflows, and the value is as good as a plain product.
///
/// Source: Dekker, "A floating-point technique for extending the available precision", Numerische Mathematik 18, 1971;
/// with fused multiply-add in place of his splitting.
struct SurvivalProduct: Sendable {
    /// The product so far, from 1 down to 0.
    private(set) var value = 1.0
    /// What `value` lacks; at most half a unit in its last place.
    private var rest = 0.0

    /// Multiplies by the share of those at risk that stay: `staying` / `atRisk`.
    ///
    /// `staying` is from 0 to `atRisk`, `atRisk` from 1 to 2^53, up to where every integer is a double.
    mutating func multiply(by staying: Int, over atRisk: Int) {
        let (factor, divisor) = (Double(staying), Double(atRisk))
        let product = value * factor
        let productRest = (-product).addingProduct(value, factor) + rest * factor
        let quotient = product / divisor
        let quotientRest = (product.addingProduct(-quotient, divisor) + productRest) / divisor
        value = quotient + quotientRest
        rest = quotientRest - (value - quotient)
    }
}
