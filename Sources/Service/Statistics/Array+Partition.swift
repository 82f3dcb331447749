extension Array {
    /// The index of the first element that `isLater` holds for, or `count` where it holds for none.
    ///
    /// `isLater` must hold for every element after one that it holds for. It is asked O(log n) times.
    func partitioningIndex(where isLater: (Element) -> Bool) -> Int {
        var (from, until) = (0, count)
        while from < until {
            let middle = from + (until - from) / 2
            if isLater(self[middle]) { until = middle } else { from = middle + 1 }
        }
        return from
    }
}
