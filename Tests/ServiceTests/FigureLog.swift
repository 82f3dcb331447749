import DatabaseTesting
import EventLog
import FoundationEssentials
import Postgres
import ShareServers
import Testing

/// A service over a random log, and the entries of that log as the fold reads them.
struct FigureLog {
    let service: TestService
    private(set) var entries: [FiguresFold.Entry] = []

    init(_ service: TestService) { self.service = service }

    /// Over a log that has been filled otherwise: its entries as the API tells them.
    init(filled service: TestService) async throws {
        self.init(service)
        for entry in try await service.pages("/v1/events?limit=1000", of: "events").joined() {
            var members = try #require(entry["event"]?.object)
            members["recordedtime"] = nil
            let event = try JSON.object(members).canonical().withUnsafeBytes { try Event(decoding: $0) }
            let (lane, index) = (try #require(entry["lane"]?.int), try #require(entry["position"]?.int))
            entries.append(try FiguresFold.Entry(event, at: Position(lane: Lane(Int16(lane)), index: Int64(index))))
        }
    }

    mutating func append(_ events: [Event]) async throws {
        for (event, receipt) in zip(events, try await service.append(events)) {
            try #require(receipt.outcome == .appended)
            entries.append(try FiguresFold.Entry(event, at: receipt.position))
        }
    }

    /// Appends in batches of up to `limit`, so that projections go on from where they were.
    mutating func append(_ events: [Event], upTo limit: Int, using random: inout SplitMix) async throws {
        var rest = events[...]
        while !rest.isEmpty {
            let count = Int.random(in: 1...limit, using: &random)
            try await append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
    }

    var fold: FiguresFold { FiguresFold(entries) }

    /// The fold of the first entries of each lane.
    func fold(_ sizes: [Int]) -> FiguresFold {
        FiguresFold(entries.filter { $0.position.index < sizes[Int($0.position.lane.number)] })
    }
}

// MARK: - Questions

extension FiguresFold.Question {
    var parameters: String {
        let scope = [("server_id", server), ("host", host), ("project_id", project), ("share_network_id", network)]
        return "from=\(Timestamp(microseconds: window.lowerBound))&until=\(Timestamp(microseconds: window.upperBound))"
            + "&by=\(by)" + scope.map { name, value in value.map { "&\(name)=\($0)" } ?? "" }.joined()
    }

    /// Every way to tell servers apart, and some ways to choose among them.
    static func about(
        _ window: Range<Int64>, _ fold: FiguresFold, using random: inout SplitMix
    ) -> [FiguresFold.Question] {
        var questions = ["fleet", "server", "host", "project", "share_network"].map {
            FiguresFold.Question(window: window, by: $0)
        }
        let places = fold.lives.flatMap { $0.visits.map(\.place) }
        let place = random.pick(places)
        questions.append(FiguresFold.Question(window: window, host: place.host))
        questions.append(FiguresFold.Question(window: window, by: "host", project: place.project))
        questions.append(FiguresFold.Question(window: window, by: "project", network: place.network))
        questions.append(FiguresFold.Question(window: window, by: "server", host: place.host, project: place.project))
        let server = random.pick(fold.lives).server.lower
        questions.append(FiguresFold.Question(window: window, server: server))
        questions.append(FiguresFold.Question(window: window, by: "host", server: server, project: place.project))
        return questions
    }
}

// MARK: - Answers

extension JSON {
    /// A number of seconds in whole microseconds.
    var microseconds: Int64? { number.map { Int64(($0 * 1e6).rounded()) } }

    /// A moment in microseconds since 1970.
    var moment: Int64? { string.flatMap { Timestamp($0)?.microseconds } }
}

/// Collects in what an answer and the fold differ.
struct Differences {
    private(set) var found: [String] = []

    mutating func add(_ difference: String) { found.append(difference) }

    mutating func expect<Value: Equatable>(_ name: String, _ answered: Value, _ expected: Value) {
        if answered != expected { found.append("\(name): \(answered), and not \(expected)") }
    }

    /// To within `tolerance`: figures that are rounded.
    mutating func expect(_ name: String, _ answered: Double?, near expected: Double?, within tolerance: Double) {
        if let answered, let expected, abs(answered - expected) <= tolerance { return }
        if answered == nil, expected == nil { return }
        found.append("\(name): \(answered as Double?, default: "null"), and not \(expected, default: "null")")
    }
}

extension JSON {
    /// An answer without what it is true as of.
    var withoutAsOf: JSON {
        var members = object ?? [:]
        members["as_of"] = nil
        return .object(members)
    }

    /// An answer that still says how many entries it rests on, and not when it was given.
    var withoutClock: JSON {
        var members = object ?? [:]
        members["as_of"] = .array((at("as_of.positions")?.array ?? []).map { $0["size"] ?? .null })
        return .object(members)
    }

    /// Where it is not as another value, such as `a.0.b: 1, and not 2`.
    func differences(from other: JSON, at place: String = "") -> [String] {
        if self == other { return [] }
        if let members = object, let others = other.object {
            return Set(members.keys).union(others.keys).sorted().flatMap { name in
                (members[name] ?? "(nothing)").differences(from: others[name] ?? "(nothing)", at: "\(place).\(name)")
            }
        }
        if let elements = array, let others = other.array, elements.count == others.count {
            return elements.indices.flatMap { elements[$0].differences(from: others[$0], at: "\(place).\($0)") }
        }
        let (text, wanted) = (
            String(decoding: canonical(), as: UTF8.self), String(decoding: other.canonical(), as: UTF8.self)
        )
        return ["\(place): \(text), and not \(wanted)"]
    }
}

extension FigureLog {
    /// Runs `body` on a database beside the test's.
    static func withDatabase<Output>(_ body: (_ url: String) async throws -> Output) async throws -> Output {
        let name = "beside_\(UUID().lower.replacing("-", with: ""))"
        let connection = try await Connection.open(TestServer.url())
        try await connection.run { try $0.execute("CREATE DATABASE \(name)") }
        let result: Result<Output, any Error>
        do {
            result = .success(try await body(TestServer.url(database: name)))
        } catch {
            result = .failure(error)
        }
        try await connection.run { try $0.execute("DROP DATABASE \(name) WITH (FORCE)") }
        await connection.close()
        return try result.get()
    }
}
