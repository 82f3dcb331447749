/// The probability that each of several outcomes has come by an age, where the first that comes rules out the others:
/// the Aalen–Johansen estimate for competing outcomes.
///
/// One minus the Kaplan–Meier estimate of one outcome, with the others taken as censored, would be too high: it counts
/// on what can no longer come. Here the outcomes and what remains add up to 1. Outcomes come before censorings of the
/// same age, and outcomes of the same age all come out of the same risk set; stays of age 0 count like any other.
///
/// Source: Aalen, Johansen, "An empirical transition matrix for non-homogeneous Markov chains based on censored
/// observations", Scandinavian Journal of Statistics 5, 1978; as used here: Kalbfleisch, Prentice, "The Statistical
/// Analysis of Failure Time Data", 2nd edition, section 8.2.
struct CumulativeIncidence: Sendable {
    /// One stay, observed from its beginning.
    struct Stay: Sendable, Hashable {
        /// The age at which the outcome came or observation ended, in microseconds.
        var age: Int64
        /// Which outcome came, counted from 0; nil where none had come when observation ended.
        var outcome: Int?
    }

    /// The ages at which an outcome came, ascending.
    private let ages: [Int64]
    /// For each of `ages`, the probabilities of all outcomes by then, one row after the other.
    private let incidences: [Double]
    private let outcomes: Int

    /// The probability that none has come yet, after the last event; 1 where there was none.
    let remaining: Double

    /// The estimate from `stays`, in any order, in O(n log n + events × `outcomes`).
    ///
    /// Every outcome of a stay is in `0..<outcomes`. A negative age counts as 0.
    init(_ stays: [Stay], outcomes: Int) {
        let stays = stays.map { Stay(age: max(0, $0.age), outcome: $0.outcome) }.sorted { $0.age < $1.age }
        var ages: [Int64] = []
        var incidences: [Double] = []
        var current = [Double](repeating: 0, count: outcomes)
        var coming = [Int](repeating: 0, count: outcomes)
        var survival = SurvivalProduct()
        var gone = 0
        while gone < stays.count {
            let age = stays[gone].age
            let atRisk = stays.count - gone
            var events = 0
            while gone < stays.count, stays[gone].age == age {
                if let outcome = stays[gone].outcome {
                    coming[outcome] += 1
                    events += 1
                }
                gone += 1
            }
            guard events > 0 else { continue }
            for outcome in 0..<outcomes {
                current[outcome] += survival.value * Double(coming[outcome]) / Double(atRisk)
                coming[outcome] = 0
            }
            survival.multiply(by: atRisk - events, over: atRisk)
            ages.append(age)
            incidences += current
        }
        self.ages = ages
        self.incidences = incidences
        self.outcomes = outcomes
        self.remaining = survival.value
    }

    /// The probability that each outcome has come by `age`, in microseconds, that age included; by outcome.
    func at(_ age: Int64) -> [Double] {
        row(before: ages.partitioningIndex { $0 > age })
    }

    /// The probability that each outcome has come, after the last event; by outcome.
    var final: [Double] { row(before: ages.count) }

    private func row(before step: Int) -> [Double] {
        guard step > 0 else { return [Double](repeating: 0, count: outcomes) }
        return Array(incidences[(step - 1) * outcomes..<step * outcomes])
    }
}
