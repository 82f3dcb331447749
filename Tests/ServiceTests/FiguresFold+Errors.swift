extension FiguresFold {
    static func isFailed(_ status: String) -> Bool { status == "error" || status.hasSuffix("_error") }

    /// A stay in failed statuses, one after another.
    struct Episode: Equatable {
        let server: String
        let from: Int64
        var until: Int64?
        let status: String
        /// Nil: it had failed when it was first seen.
        let formerStatus: String?
        var untilStatus: String?
        /// Nil while it lasts.
        var resolution: String?
        let isAsserted: Bool
        var visits = 1
        /// Episodes of the server before this one.
        let recurrence: Int
    }

    /// Episodes that overlap a window, those among them that end as they begin.
    func episodes(overlapping window: Range<Int64>) -> [Episode] {
        lives.flatMap(\.episodes).filter {
            window.contains($0.from) || $0.from < window.upperBound && $0.until ?? .max > window.lowerBound
        }
    }
}

extension FiguresFold.Life {
    fileprivate var episodes: [FiguresFold.Episode] {
        var episodes: [FiguresFold.Episode] = []
        var former: FiguresFold.Visit?
        for visit in visits {
            defer { former = visit }
            let hadFailed = former.map { FiguresFold.isFailed($0.status) } ?? false
            switch (hadFailed, FiguresFold.isFailed(visit.status)) {
            case (false, true):
                episodes.append(
                    FiguresFold.Episode(
                        server: server.lower, from: visit.from, status: visit.status, formerStatus: former?.status,
                        isAsserted: visit.cause == "reset_status", recurrence: episodes.count))
            case (true, true): episodes[episodes.count - 1].visits += 1
            case (true, false):
                episodes[episodes.count - 1].until = visit.from
                episodes[episodes.count - 1].untilStatus = visit.status
                episodes[episodes.count - 1].resolution =
                    switch visit.cause {
                    case "reset_status": "reset"
                    case "delete", "unmanage": visit.cause
                    case nil: "itself"
                    default: "retry"
                    }
            case (false, false): break
            }
        }
        return episodes
    }
}
