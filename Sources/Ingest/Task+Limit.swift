extension Task where Failure == Never {
    /// Its value, or nil where it has none after so long; it goes on all the same.
    func value(within limit: Duration) async -> Success? {
        let (first, arriving) = AsyncStream.makeStream(of: Success?.self, bufferingPolicy: .bufferingOldest(1))
        _Concurrency.Task { arriving.yield(await value) }
        let alarm = _Concurrency.Task {
            try? await _Concurrency.Task.sleep(for: limit)
            arriving.yield(nil)
        }
        defer { alarm.cancel() }
        for await value in first { return value }
        return nil
    }
}
