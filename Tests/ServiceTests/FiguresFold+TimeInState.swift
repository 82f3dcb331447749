import ShareServers

extension FiguresFold {
    /// What is asked about: a window, servers and places.
    struct Question {
        var window: Range<Int64>
        var by = "fleet"
        var server: String?
        var host: String?
        var project: String?
        var network: String?

        func takes(_ life: Life, _ place: Place) -> Bool {
            (server == nil || server == life.server.lower) && (host == nil || host == place.host)
                && (project == nil || project == place.project) && (network == nil || network == place.network)
        }

        /// Nil where it was not told.
        func group(_ life: Life, _ place: Place) -> String? {
            switch by {
            case "server": life.server.lower
            case "host": place.host
            case "project": place.project
            case "share_network": place.network
            default: "fleet"
            }
        }
    }

    /// How long the servers of one group were in each status.
    struct TimeInState: Equatable {
        var servers = 0
        var unobserved: Int64 = 0
        var statuses: [String: StatusTime] = [:]

        var known: Int64 { statuses.values.reduce(0) { $0 + $1.total } }
    }

    struct StatusTime: Equatable {
        var total: Int64 = 0
        var begun = 0
        var censored = 0
        /// The lengths of visits that ended in the window, in ascending order.
        var completed: [Int64] = []
        /// By how much earlier a visit that began in the window may have begun.
        var uncertainty: Int64 = 0
        /// How old visits were when they came into the window, and when they ended or the window did.
        var spells: [Spell] = []
    }

    /// A time under observation, from one age to another.
    struct Spell: Equatable {
        let entry: Int64
        let exit: Int64
        let hasEnded: Bool
    }

    func timeInState(_ question: Question) -> [String?: TimeInState] {
        var groups: [String?: TimeInState] = [:]
        for life in lives {
            var present: Set<String?> = []
            for slice in life.slices where question.takes(life, slice.place) {
                let range = slice.range.clamped(to: question.window)
                guard !range.isEmpty else { continue }
                let length = range.upperBound - range.lowerBound
                let group = question.group(life, slice.place)
                present.insert(group)
                if let status = slice.status {
                    groups[group, default: .init()].statuses[status, default: .init()].total += length
                } else {
                    groups[group, default: .init()].unobserved += length
                }
            }
            for group in present { groups[group]!.servers += 1 }
            for visit in life.visits where visit.status != "absent" && question.takes(life, visit.place) {
                let group = question.group(life, visit.place)
                groups[group, default: .init()].statuses[visit.status, default: .init()].add(visit, question.window)
            }
        }
        // A group in which no server was for any time is none, be it that one left it when the window began.
        return groups.mapValues(\.trimmed).filter { $0.value.servers > 0 }
    }
}

extension FiguresFold.TimeInState {
    /// Without statuses that nothing is said of; lengths in order.
    fileprivate var trimmed: Self {
        var trimmed = self
        trimmed.statuses = statuses.filter { $0.value != FiguresFold.StatusTime() }.mapValues { status in
            var status = status
            status.completed.sort()
            return status
        }
        return trimmed
    }
}

extension FiguresFold.StatusTime {
    /// Counts a visit that overlaps a window.
    ///
    /// What happens at a moment of the half-open window is in it: the start, and not the end.
    mutating func add(_ visit: FiguresFold.Visit, _ window: Range<Int64>) {
        guard visit.from < window.upperBound, visit.until ?? .max >= window.lowerBound else { return }
        if window.contains(visit.from) {
            begun += 1
            uncertainty = max(uncertainty, visit.notBefore.map { visit.from - $0 } ?? 0)
        }
        let entry = max(0, window.lowerBound - visit.from)
        if let until = visit.until, until < window.upperBound {
            completed.append(until - visit.from)
            spells.append(FiguresFold.Spell(entry: entry, exit: until - visit.from, hasEnded: true))
        } else {
            censored += 1
            spells.append(
                FiguresFold.Spell(entry: entry, exit: window.upperBound - visit.from, hasEnded: false))
        }
    }

    /// Between the two closest ranks by linear interpolation, the rank being (n − 1) × `share`. Nil where none ended.
    func percentile(_ share: Double) -> Double? {
        guard !completed.isEmpty else { return nil }
        let rank = Double(completed.count - 1) * share
        let lower = completed[Int(rank)]
        let upper = completed[min(Int(rank) + 1, completed.count - 1)]
        return Double(lower) + (rank - rank.rounded(.down)) * Double(upper - lower)
    }

    var mean: Double? {
        completed.isEmpty ? nil : Double(completed.reduce(0, +)) / Double(completed.count)
    }

    /// The Kaplan-Meier median: the first age at which S, the product of (1 − ended ÷ at risk), is at most a half.
    /// A spell is at risk after its entry, one from age 0 at once.
    var median: Int64? {
        var survival = 1.0
        for age in Set(spells.filter(\.hasEnded).map(\.exit)).sorted() {
            let atRisk = spells.filter { ($0.entry < age || $0.entry == 0) && age <= $0.exit }
            guard !atRisk.isEmpty else { continue }
            survival *= 1 - Double(atRisk.count { $0.hasEnded && $0.exit == age }) / Double(atRisk.count)
            if survival <= 0.5 + 1e-9 { return age }
        }
        return nil
    }
}
