#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A file, or standard input, piece by piece.
enum FileLines {
    private static let pieceBytes = 256 << 10
    /// Longer than any entry.
    private static let lineBytes = 65_536

    /// Hands over the bytes of a file in their order; `-` is standard input.
    static func read(_ path: String, _ body: (ArraySlice<UInt8>) throws -> Void) throws {
        let file = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure(path) }
        defer { if path != "-" { close(file) } }
        var piece = [UInt8](repeating: 0, count: pieceBytes)
        while true {
            let count = systemRead(file, &piece)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path) }
            guard count > 0 else { return }
            try body(piece[..<count])
        }
    }

    /// Hands over the lines of a file without their line feeds; a last one without a line feed is none.
    ///
    /// - Returns: How many bytes follow the last line feed.
    static func lines(_ path: String, _ body: ([UInt8]) throws -> Void) throws -> Int {
        var rest: [UInt8] = []
        try read(path) { piece in
            var piece = piece
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
        return rest.count
    }

    private static func failure(_ path: String) -> Failure {
        Failure("\(path) cannot be read: \(String(cString: strerror(errno)))")
    }
}

/// `read(2)`, whose name the function above hides.
private func systemRead(_ file: Int32, _ bytes: inout [UInt8]) -> Int { read(file, &bytes, bytes.count) }
