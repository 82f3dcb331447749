public import Testing

/// Waits until something holds, looking every few milliseconds; answers how long it took.
///
/// - Parameter limit: So long that a crowded machine is not taken for a fault.
@discardableResult
public func wait(
    for what: Comment, within limit: Duration = .seconds(600), sourceLocation: SourceLocation = #_sourceLocation,
    until holds: () async throws -> Bool
) async throws -> Duration {
    let clock = ContinuousClock()
    let begun = clock.now
    while try await !holds() {
        try #require(clock.now - begun < limit, "waited in vain for \(what)", sourceLocation: sourceLocation)
        try await Task.sleep(for: .milliseconds(3))
    }
    return clock.now - begun
}
