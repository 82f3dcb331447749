import Postgres
import ShareServers
import Testing

@testable import dossier

private let server: JSON = [
    "id": "0f8a4c1e-0000-4000-8000-000000000001", "lane": 0, "status": "error", "class": "failed",
    "since": "2026-11-23T09:55:14.984208Z", "host": "lab@alpha", "project_id": "p1", "share_network_id": .null,
    "attributes": ["host": "lab@alpha", "identifier": "x\u{1B}[2J", "share_network_subnet_ids": ["a", "b"]],
    "entry": ["lane": 0, "position": 7],
    "last_call": [
        "lane": 0, "position": 9, "at": "2026-11-23T09:56:00.000000Z", "operation": "delete", "http_status": 409,
        "actor": ["user_id": "u1", "user_name": "admin"], "fault": ["code": 409, "message": "In use, by \"a\"."],
        "request_id": "req-1",
    ],
    "last_error": [
        "lane": 0, "position": 9, "at": "2026-11-23T09:56:00.000000Z", "operation": "delete", "http_status": 409,
        "fault": ["code": 409, "message": "In use, by \"a\"."],
    ],
]

private let page: JSON = ["servers": [server], "next_cursor": .null, "as_of": ["lag_positions": 0]]

private func writer(_ format: OutputOptions.Format) -> ListingWriter {
    ListingWriter(.servers, format: format, width: nil, coloured: false)
}

@Suite struct ListingTests {
    @Test func aTableShowsAServerInOneLine() {
        var writer = writer(.table)
        let lines = writer.text(of: page, [server], isLast: true).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(
            lines[1].split(separator: #/ {2,}/#) == [
                "0f8a4c1e-0000-4000-8000-000000000001", "error", "2026-11-23 09:55:14", "lab@alpha", "p1",
                "delete by admin → 409", "In use, by \"a\".",
            ])
    }

    @Test func csvHasOneHeaderOverAllPages() {
        var writer = writer(.csv)
        let text = writer.text(of: page, [server], isLast: false) + writer.text(of: page, [server], isLast: true)
        let lines = text.split(separator: "\r\n")
        #expect(lines.count == 3)
        #expect(lines[0].hasPrefix("id,lane,status,class,since,"))
        #expect(lines[1] == lines[2])
        #expect(lines[1].contains("\"In use, by \"\"a\"\".\""))
    }

    @Test(arguments: [0, 1, 2, 5])
    func jsonOfAnyNumberOfPagesIsOneObjectWithAllItems(pages: Int) throws {
        var writer = writer(.json)
        var text = ""
        for number in 0..<pages { text += writer.text(of: page, [server, server], isLast: number < 0) }
        text += writer.text(of: ["servers": [], "as_of": ["lag_positions": 3], "next_cursor": .null], [], isLast: true)
        let whole = try JSON(parsing: text)
        #expect(whole.elements("servers") == Array(repeating: server, count: pages * 2))
        #expect(whole.integer("as_of", "lag_positions") == 3)
        #expect(writer.count == pages * 2)
    }

    @Test func anAnswerWithoutItemsIsAnEmptyTable() {
        var writer = writer(.table)
        #expect(writer.text(of: page, [], isLast: true).isEmpty)
    }
}

@Suite struct ShowTests {
    @Test func everyFactIsToldOnceAndNothingThatIsUnknown() {
        let facts = Show.facts(of: ["server": server])
        let names = facts.map(\.name)
        #expect(Set(names).count == names.count)
        #expect(!names.contains("share_network_id"))
        #expect(facts.first { $0.name == "share_network_subnet_ids" }?.value == "[\"a\",\"b\"]")
        #expect(facts.first { $0.name == "entry" }?.value == "0/7")
        #expect(
            facts.first { $0.name == "last_call" }?.value
                == "2026-11-23T09:56:00.000000Z  delete by admin → 409  req-1  In use, by \"a\".")
    }

    @Test func howItCameAndWentIsToldAndWhatItWasBeforeAndAfter() {
        let facts = Show.facts(of: [
            "server": ["id": "b", "status": "absent"],
            "appeared": [
                "at": "2026-11-23T09:56:00.000000Z", "status": "manage_starting", "not_before": .null,
                "cause": ["operation": "manage", "http_status": 202],
            ],
            "went": [
                "at": "2026-11-23T09:58:00.000000Z", "status": "absent", "not_before": .null, "cause": .null,
            ],
            "chain": [["id": "a"], ["id": "b"], ["id": "c"], ["id": "d"]],
        ])
        let told = Dictionary(facts.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        #expect(told["appeared"] == "2026-11-23T09:56:00.000000Z  manage_starting  manage → 202")
        #expect(told["went"] == "2026-11-23T09:58:00.000000Z  absent  no call names it")
        #expect(told["managed_before_as"] == "a")
        #expect(told["managed_again_as"] == "c  d")
    }

    @Test func itFitsTheTerminalAndCannotCommandIt() {
        let text = Show.text(of: ["server": server], width: 50, coloured: false)
        for line in text.split(separator: "\n") { #expect(String(line).columns <= 50) }
        #expect(text.contains("x\\u{1b}[2J"))
    }
}

@Suite struct PastTests {
    private var past: Past {
        var past = Past()
        past.add(
            [
                "server_id": "s", "as_of": ["time": "2026-11-23T10:00:00.000000Z"],
                "visits": [
                    [
                        "status": "active", "class": "serving", "from": "2026-11-23T09:00:00.000000Z", "until": .null,
                        "not_before": "2026-11-23T08:59:58.000000Z", "duration_s": 3600,
                        "entry": ["lane": 0, "position": 2],
                    ]
                ],
            ],
            [
                [
                    "at": "2026-11-23T08:59:00.000000Z", "kind": "call", "lane": 0, "position": 0,
                    "event": [
                        "type": "org.openstack.manila.share_server.call",
                        "data": [
                            "operation": "manage", "http_status": 202, "actor": ["user_name": "admin"],
                            "request_id": "req-9",
                        ],
                    ],
                ],
                [
                    "at": "2026-11-23T09:00:00.000000Z", "kind": "status", "lane": 0, "position": 2,
                    "event": [
                        "type": "org.openstack.manila.share_server.status", "data": ["status": "active"],
                    ],
                ],
            ])
        return past
    }

    @Test func aTimelineIsDrawnUpToTheMomentOfTheAnswer() {
        #expect(
            past.timeline(width: nil, coloured: false).lines() == """
                2026-11-23 08:59:00.000  │ manage by admin → 202  req-9
                2026-11-23 09:00:00.000  ● active ── 1 h 00 m so far  ±2.0 s

                """)
    }

    @Test func csvHoldsVisitsAndEventsInTheOrderOfTime() {
        let lines = past.csv.split(separator: "\r\n")
        #expect(lines.count == 4)
        #expect(lines[1].hasPrefix("2026-11-23T08:59:00.000000Z,call,,,,,,manage,admin,202,"))
        #expect(lines[2].hasPrefix("2026-11-23T09:00:00.000000Z,visit,active,serving,,3600,"))
        #expect(lines[3].hasPrefix("2026-11-23T09:00:00.000000Z,status,active,"))
    }

    @Test func whereThereIsMoreVisitsEndWithTheEvents() {
        var past = past
        past.add(
            [
                "visits": [
                    ["status": "error", "class": "failed", "from": "2026-11-23T09:30:00.000000Z"]
                ]
            ], [])
        #expect(past.visits.count == 2)
        #expect(past.upToLastEvent.visits.count == 1)
    }

    @Test func jsonHoldsAllPages() {
        #expect(past.json.elements("timeline").count == 2)
        #expect(past.json.elements("visits").count == 1)
        #expect(past.json.text("server_id") == "s")
    }
}

@Suite struct JSONTextTests {
    @Test func indentedJSONSaysTheSame() throws {
        let value: JSON = ["a": [1, [], [:], ["b": .null]], "c": "x\"\n", "d": true]
        #expect(try JSON(parsing: value.indented) == value)
        #expect(value.indented.split(separator: "\n").count == 12)
    }

    @Test func queriesAreEscaped() {
        #expect(
            APIClient.text(of: [("host", "lab@alpha#p"), ("at", nil), ("q", "a b&c=é")])
                == "?host=lab%40alpha%23p&q=a%20b%26c%3D%C3%A9")
        #expect(APIClient.text(of: [("at", nil)]) == "")
    }
}
