/// How much each of many may still ask: so many a second, with so many saved up at most.
///
/// What is kept is bounded: who has saved up everything is forgotten first.
struct Allowances: Sendable {
    let perSecond: Double
    let most: Double
    let limit: Int
    private var left: [String: (tokens: Double, at: ContinuousClock.Instant)] = [:]

    /// - Parameter limit: Of those who are remembered.
    init(perSecond: Double, most: Double, limit: Int = 10_000) {
        self.perSecond = perSecond
        self.most = max(1, most)
        self.limit = limit
    }

    private func saved(_ key: String, _ now: ContinuousClock.Instant) -> Double {
        guard let entry = left[key] else { return most }
        return min(most, entry.tokens + perSecond * (entry.at.duration(to: now) / .seconds(1)))
    }

    /// Whole seconds until one more may be asked; nil: now.
    func wait(_ key: String, now: ContinuousClock.Instant = .now) -> Int? {
        let saved = saved(key, now)
        return saved >= 1 ? nil : max(1, Int(((1 - saved) / perSecond).rounded(.up)))
    }

    /// Takes one, whether it is there or not.
    mutating func charge(_ key: String, now: ContinuousClock.Instant = .now) {
        if left.count >= limit, left[key] == nil { forget(now) }
        left[key] = (max(0, saved(key, now) - 1), now)
    }

    private mutating func forget(_ now: ContinuousClock.Instant) {
        left = left.filter { saved($0.key, now) < most }
        let surplus = left.count - limit * 7 / 8
        guard surplus > 0 else { return }
        for (key, _) in left.sorted(by: { $0.value.at < $1.value.at }).prefix(surplus) { left[key] = nil }
    }
}
