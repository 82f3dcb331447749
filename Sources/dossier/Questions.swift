import ArgumentParser
import Postgres
import ShareServers

/// The stretch of time that a question is about.
struct WindowOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "From this moment on; 30 days before the end unless told otherwise.", valueName: "time"),
        transform: TimeArgument.parse)
    var from: Timestamp?

    @Option(
        help: ArgumentHelp("Before this moment; now unless told otherwise.", valueName: "time"),
        transform: TimeArgument.parse)
    var until: Timestamp?

    var query: [(name: String, value: String?)] { [("from", from?.description), ("until", until?.description)] }
}

/// Which servers a question is about.
struct ScopeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only on this host, such as lab@alpha.", valueName: "host"))
    var host: String?

    @Option(help: ArgumentHelp("Only of this project.", valueName: "id"))
    var project: String?

    var query: [(name: String, value: String?)] { [("host", host), ("project_id", project)] }
}

/// What Dossier had recorded by then, beside what was true then.
struct KnownAtOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only from what had been recorded by then: a time, or sizes of lanes as 'as_of' tells them.",
            valueName: "time or size"))
    var knownAt: String?

    @Option(
        help: ArgumentHelp(
            "As of so many entries, as a former answer tells them in 'as_of': the figures of then.",
            discussion: "With several lanes each is named, as in 0:120,1:77. Give the window of that answer as well.",
            valueName: "size"))
    var asOfSize: String?

    func validate() throws {
        guard knownAt != nil, asOfSize != nil else { return }
        throw ValidationError("--known-at and --as-of-size say the same. Keep one of them.")
    }

    var isGiven: Bool { knownAt != nil || asOfSize != nil }

    /// A time as one types it, in RFC 3339; anything else as it is.
    var query: [(name: String, value: String?)] {
        if let asOfSize { return [("known_at", asOfSize)] }
        guard let knownAt else { return [] }
        // A number alone is a size, and would be no time either.
        return [("known_at", TimeArgument.moment(knownAt, now: .now)?.description ?? knownAt)]
    }
}

extension JSON {
    /// A length of time in a table, of a member in seconds.
    func span(_ path: String) -> String? {
        guard case .number(let seconds)? = member(path) else { return nil }
        return Span(microseconds: Int64((seconds * 1e6).rounded())).description
    }

    /// A share in a table, in per cent.
    func percent(_ path: String...) -> String? {
        var value = self
        for name in path {
            guard let next = value.member(name) else { return nil }
            value = next
        }
        guard case .number(let share) = value else { return nil }
        return Self.decimal(share * 100, places: 2) + " %"
    }

    /// A number in a table, with so many digits after the point.
    func decimal(_ path: String, places: Int) -> String? {
        guard case .number(let number)? = member(path) else { return nil }
        return Self.decimal(number, places: places)
    }

    private static func decimal(_ number: Double, places: Int) -> String {
        let scale = (0..<places).reduce(1.0) { scale, _ in scale * 10 }
        guard abs(number) < 1e15 else { return "\(number)" }
        let scaled = Int64((abs(number) * scale).rounded())
        let (whole, rest) = scaled.quotientAndRemainder(dividingBy: Int64(scale))
        let digits = String(rest)
        let fraction = String(repeating: "0", count: places - min(places, digits.count)) + digits
        return (number < 0 ? "-" : "") + whole.grouped + (places == 0 ? "" : "." + fraction)
    }

    /// The object with the members of another added.
    func adding(_ members: [String: JSON]) -> JSON {
        .object((object ?? [:]).merging(members) { _, new in new })
    }
}
