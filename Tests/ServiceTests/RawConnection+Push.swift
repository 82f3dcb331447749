import DatabaseTesting

extension RawConnection {
    /// The head of a push of so many bytes, and what begins its body.
    func beginPush(_ bytes: Int, _ body: String) async throws {
        try await send(
            "POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-ndjson\r\nContent-Length: \(bytes)\r\n\r\n"
                + body)
    }
}
