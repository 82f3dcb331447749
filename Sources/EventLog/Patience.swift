/// Runs `body`, again where PostgreSQL was away, until `patience` has run out.
func patiently<Output: Sendable>(
    _ patience: Duration, isolation: isolated (any Actor)? = #isolation,
    _ body: () async throws(LogError) -> Output
) async throws(LogError) -> Output {
    let clock = ContinuousClock()
    let deadline = clock.now + patience
    var pause = Duration.milliseconds(20)
    while true {
        do throws(LogError) {
            return try await body()
        } catch {
            guard case .unavailable = error, clock.now + pause < deadline else { throw error }
            try? await clock.sleep(for: pause)
            pause = min(pause * 2, .seconds(1))
        }
    }
}
