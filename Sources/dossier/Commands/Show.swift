import ArgumentParser
import Postgres
import ShareServers

struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show one share server as it is now, or as it was at a moment.", discussion: "Times are UTC.")

    @OptionGroup var api: APIOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var known: KnownAtOptions

    @Argument(help: "The server's UUID.")
    var id: String

    @Option(help: ArgumentHelp("As of this moment.", valueName: "time"), transform: TimeArgument.parse)
    var at: Timestamp?

    func run() async throws {
        let answer = try await APIClient.with(api) { client in
            try await client.get("/v1/servers/\(APIClient.escaped(id))", [("at", at?.description)] + known.query)
        }
        guard answer.member("server") != nil else {
            throw APIError.notDossier(url: try api.address(), reason: "the answer has no server")
        }
        switch output.output {
        case .json: try await Output.standard.write(answer.indented + "\n")
        case .csv:
            let facts = Self.facts(of: answer)
            try await Output.standard.write(
                CSV.record(["name", "value"]) + facts.map { CSV.record([$0.name, $0.value]) }.joined())
        case .table:
            try await Output.standard.write(
                Self.text(of: answer, width: Terminal.standardOutput.width, coloured: output.isColoured))
        }
    }

    struct Fact {
        let name: String
        let value: String
        var style = Style.plain
    }

    /// What is known of a server, in the order in which one asks.
    static func facts(of answer: JSON) -> [Fact] {
        let server = answer.member("server") ?? .null
        var facts: [Fact] = []
        func add(_ name: String, _ value: String?, _ style: Style = .plain) {
            if let value, !value.isEmpty { facts.append(Fact(name: name, value: value, style: style)) }
        }
        add("id", server.text("id"), .bold)
        add("status", server.text("status") ?? "unknown", Style(statusClass: server.text("class")))
        for name in ["class", "since", "not_before", "until", "task_state", "host", "project_id", "share_network_id"] {
            add(name, server.text(name))
        }
        if case .object(let attributes)? = server.member("attributes") {
            let told = Set(facts.map(\.name))
            for (name, value) in attributes.sorted(by: { $0.key < $1.key }) where !told.contains(name) {
                if value != .null { add(name, value.plain) }
            }
        }
        add("first_seen", server.text("first_seen"))
        add("last_seen", server.text("last_seen"))
        for name in ["appeared", "went"] {
            guard let end = answer.member(name) else { continue }
            let cause = end.member("cause")?.phrase ?? "no call names it"
            add(name, [end.text("at"), end.text("status"), cause].compactMap { $0 }.joined(separator: "  "))
        }
        let chain = answer.elements("chain").compactMap { $0.text("id") }
        if let own = chain.firstIndex(where: { $0 == server.text("id") }) {
            add("managed_before_as", chain[..<own].joined(separator: "  "))
            add("managed_again_as", chain[(own + 1)...].joined(separator: "  "))
        }
        for name in ["cause", "last_call", "last_error"] {
            guard let summary = server.member(name) else { continue }
            let words = [summary.text("at"), summary.phrase, summary.text("request_id"), summary.faultMessage]
            add(name, words.compactMap { $0 }.joined(separator: "  "), name == "last_error" ? .bad : .plain)
        }
        if let lane = server.text("entry", "lane"), let position = server.text("entry", "position") {
            add("entry", "\(lane)/\(position)")
        }
        return facts
    }

    static func text(of answer: JSON, width: Int?, coloured: Bool) -> String {
        let facts = facts(of: answer)
        let names = facts.reduce(0) { max($0, $1.name.columns) }
        return facts.reduce(into: "") { text, fact in
            let name = fact.name.escapedForTerminal
            var value = fact.value.escapedForTerminal
            if let width { value = value.clipped(to: max(width - names - 2, 10)) }
            text +=
                Style.faint.paint(name.padded(to: names), coloured) + "  " + fact.style.paint(value, coloured) + "\n"
        }
    }
}
