extension FiguresFold {
    /// How many servers of one group there were in one step.
    struct Capacity: Equatable {
        var classes: [String: ClassTime] = [:]
        var created = 0
        var removed = 0
    }

    struct ClassTime: Equatable {
        /// Of all servers together.
        var total: Int64 = 0
        /// The most at any moment.
        var peak = 0
    }

    func capacity(_ question: Question) -> [String?: Capacity] {
        var groups: [String?: Capacity] = [:]
        var ranges: [String?: [String: [Range<Int64>]]] = [:]
        for life in lives {
            for slice in life.slices where question.takes(life, slice.place) {
                let range = slice.range.clamped(to: question.window)
                guard !range.isEmpty else { continue }
                let name = slice.status.map(Self.className) ?? "unobserved"
                ranges[question.group(life, slice.place), default: [:]][name, default: []].append(range)
            }
            let first = life.visits[0]
            if let birth = life.birth, question.window.contains(birth), question.takes(life, first.place) {
                groups[question.group(life, first.place), default: .init()].created += 1
            }
            for visit in life.visits where visit.status == "absent" && question.window.contains(visit.from) {
                guard question.takes(life, visit.place) else { continue }
                groups[question.group(life, visit.place), default: .init()].removed += 1
            }
        }
        for (group, classes) in ranges {
            groups[group, default: .init()].classes = classes.mapValues { ranges in
                ClassTime(
                    total: ranges.reduce(0) { $0 + $1.upperBound - $1.lowerBound },
                    // There are no more than at the start of one of them.
                    peak: ranges.map { start in ranges.count { $0.contains(start.lowerBound) } }.max() ?? 0)
            }
        }
        return groups
    }

    static func className(of status: String) -> String {
        switch status {
        case "active": "serving"
        case "creating", "deleting", "manage_starting", "unmanage_starting", "network_change", "server_migrating",
            "server_migrating_to":
            "transitional"
        default: isFailed(status) ? "failed" : "other"
        }
    }
}

extension FiguresFold.Life {
    /// When Manila says that it was created; where it does not, when it was first seen on its way in.
    fileprivate var birth: Int64? {
        let isOnItsWay = ["creating", "manage_starting", "server_migrating_to"].contains(visits[0].status)
        return createdAt ?? (isOnItsWay ? visits[0].from : nil)
    }
}
