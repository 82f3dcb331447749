import ArgumentParser

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// When output is coloured.
enum Colour: String, Sendable, CaseIterable, ExpressibleByArgument {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    case auto
    case always
    case never
}

/// What one of the standard streams is connected to.
struct Terminal: Sendable, Hashable {
    let isTerminal: Bool
    /// Columns; nil where it is no terminal.
    let width: Int?

    static func of(_ stream: Int32) -> Terminal {
        guard isatty(stream) == 1 else { return Terminal(isTerminal: false, width: nil) }
        var size = winsize()
        let known = ioctl(stream, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return Terminal(isTerminal: true, width: known ? Int(size.ws_col) : 80)
    }

    static let standardOutput = Terminal.of(STDOUT_FILENO)
    static let standardError = Terminal.of(STDERR_FILENO)

    /// Whether to colour what is written to it.
    ///
    /// Source: no-color.org: set and not empty means no.
    func isColoured(_ colour: Colour, environment: [String: String]) -> Bool {
        switch colour {
        case .always: true
        case .never: false
        case .auto: isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        }
    }
}
