import Ingest

/// The lines of a file, or of standard input.
enum FileLines {
    /// Longer than any entry.
    private static let lineBytes = 65_536

    /// Hands over the lines of a file without their line feeds; a last one without a line feed is none.
    ///
    /// - Returns: How many bytes follow the last line feed.
    static func lines(_ path: String, _ body: ([UInt8]) throws -> Void) async throws -> Int {
        let file = try InputFile(path)
        var rest: [UInt8] = []
        while true {
            var piece = try await file.read()[...]
            guard !piece.isEmpty else { return rest.count }
            while let feed = piece.firstIndex(of: 0x0A) {
                try body(rest + piece[..<feed])
                rest = []
                piece = piece[(feed + 1)...]
            }
            rest += piece
            guard rest.count <= lineBytes else {
                throw Failure("\(path) has a line longer than any entry is", status: .unverified)
            }
        }
    }
}
