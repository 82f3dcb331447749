/// How long stays last, those that nobody saw the end of included: the product-limit estimate of S(age), the
/// probability that a stay is longer than `age`.
///
/// The risk set at an age holds the stays with `entered < age <= left`: whoever leaves at an age is still at risk
/// there, so completions come before censorings of the same age, and whoever enters at an age is not yet. A stay that
/// was observed from its beginning is at risk at age 0 too, so completed stays of no length are events at age 0, out
/// of all that were observed from their beginning.
///
/// With delayed entry the risk set can be very small at early ages; where all of it completes, S is 0 from there on,
/// whatever comes later. That belongs to the estimate, not to this implementation of it.
///
/// Source: Kaplan, Meier, "Nonparametric estimation from incomplete observations", JASA 53, 1958; delayed entry: Klein,
/// Moeschberger, "Survival Analysis", 2nd edition, section 4.6.
struct KaplanMeier: Sendable {
    /// One stay under observation; its ages are in microseconds since it began.
    struct Stay: Sendable, Hashable {
        /// The age at which observation began: delayed entry. 0 where the stay was observed from its beginning.
        var entered: Int64 = 0
        /// The age at which the stay ended, or its observation.
        var left: Int64
        /// Whether `left` is the end of the stay; otherwise it is censored there.
        var isCompleted: Bool
    }

    /// The ages at which S falls, ascending, in microseconds, and S from there on; before the first, S is 1.
    let steps: [(age: Int64, survival: Double)]

    /// The estimate from `stays`, in any order, in O(n log n).
    ///
    /// A negative age counts as 0. A stay that was not observed for any time after a delayed entry says nothing and is
    /// left out.
    init(_ stays: [Stay]) {
        // Three sorted lists give every risk set as a difference of counts.
        var completed: [Int64] = []
        var censored: [Int64] = []
        var delayed: [Int64] = []
        var fromBeginning = 0
        for stay in stays {
            let left = max(0, stay.left)
            if stay.entered <= 0 {
                fromBeginning += 1
            } else if stay.entered < left {
                delayed.append(stay.entered)
            } else {
                continue
            }
            if stay.isCompleted { completed.append(left) } else { censored.append(left) }
        }
        completed.sort()
        censored.sort()
        delayed.sort()

        var steps: [(age: Int64, survival: Double)] = []
        var survival = SurvivalProduct()
        var (ended, lost, come) = (0, 0, 0)
        while ended < completed.count, survival.value > 0 {
            let age = completed[ended]
            while come < delayed.count, delayed[come] < age { come += 1 }
            while lost < censored.count, censored[lost] < age { lost += 1 }
            let atRisk = fromBeginning + come - ended - lost
            let before = ended
            while ended < completed.count, completed[ended] == age { ended += 1 }
            survival.multiply(by: atRisk - (ended - before), over: atRisk)
            steps.append((age, survival.value))
        }
        self.steps = steps
    }

    /// The first age, in microseconds, at which S(age) <= 1 - `share`: with 0.5 the median, with 0.9 the p90.
    ///
    /// nil, "not reached", while S stays above that, and always for a share above 1. For a share of 0 or less it is 0.
    func quantile(_ share: Double) -> Int64? {
        guard !share.isNaN else { return nil }
        guard share > 0 else { return 0 }
        // Three roundings of at most 2^-54 each stand between S = 0.1 and 1 - 0.9: of S, of the share as a double and
        // of the difference. 2^-52 is more than all three, and less than any difference that could matter.
        let limit = 1 - share + .ulpOfOne
        let reached = steps.partitioningIndex { $0.survival <= limit }
        return reached < steps.count ? steps[reached].age : nil
    }
}
