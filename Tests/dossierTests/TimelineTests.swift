import Postgres
import ShareServers
import Testing

@testable import dossier

@Suite struct TimelineTests {
    private func at(_ text: String) -> Timestamp { Timestamp("2026-11-23T\(text)Z") ?? .earliest }
    private func place(_ position: Int) -> Timeline.Place { .init(lane: 0, position: position) }

    private var visits: [Timeline.Visit] {
        [
            .init(
                status: "creating", statusClass: "transitional", from: at("09:00:00"), until: at("09:12:04"),
                notBefore: nil, entry: place(1)),
            .init(
                status: "active", statusClass: "serving", from: at("09:12:04"), until: at("12:14:05.5"),
                notBefore: at("09:12:01.9"), entry: place(4)),
            .init(
                status: "absent", statusClass: "absent", from: at("12:14:05.5"), until: nil, notBefore: nil,
                entry: place(9)),
        ]
    }

    private func timeline(
        _ visits: [Timeline.Visit], _ occurrences: [Timeline.Occurrence], width: Int? = nil, coloured: Bool = false
    ) -> [Substring] {
        Timeline(
            visits: visits, occurrences: occurrences, now: at("13:00:00"), width: width, coloured: coloured
        ).lines().split(separator: "\n")
    }

    @Test func statusesAndCallsStandInTheOrderOfTime() {
        let lines = timeline(
            visits,
            [
                .init(
                    at: at("12:00:00.25"), kind: .call(httpStatus: 202), text: "delete by admin → 202",
                    detail: "req-1", place: place(8)),
                .init(
                    at: at("09:05:00"), kind: .call(httpStatus: 403), text: "delete by alice → 403",
                    detail: "Not in this state.", place: place(2)),
            ])
        #expect(
            lines == [
                "2026-11-23 09:00:00.000  ● creating ── 12 m 04 s",
                "2026-11-23 09:05:00.000  ✗ delete by alice → 403  Not in this state.",
                "2026-11-23 09:12:04.000  ● active ── 3 h 02 m  ±2.1 s",
                "2026-11-23 12:00:00.250  │ delete by admin → 202  req-1",
                "2026-11-23 12:14:05.500  ○ absent",
            ])
    }

    @Test func aCallThatNobodyKnowsTheOutcomeOfIsShownAsSuch() throws {
        func line(_ data: JSON) throws -> Substring? {
            let item: JSON = [
                "at": "2026-11-23T09:05:00Z", "kind": "call", "lane": 0, "position": 3, "event": ["data": data],
            ]
            return timeline([], [try #require(Timeline.Occurrence(item))]).first
        }
        #expect(
            try line(["operation": "delete", "actor": ["user_id": "alice"], "outcome": "unknown"])
                == "2026-11-23 09:05:00.000  ? delete by alice → outcome unknown")
        #expect(
            try line(["operation": "delete", "outcome": "not_forwarded"])
                == "2026-11-23 09:05:00.000  │ delete → not passed on, Manila was away")
        #expect(
            try line(["operation": "delete", "http_status": 202, "outcome": "unknown"])?.contains("→ 202") == true)
    }

    @Test func aCallThatSeveralSourcesToldNamesThemAndTakesTheCallerFromWhoeverKnows() throws {
        let item: JSON = [
            "at": "2026-11-23T12:00:00.25Z", "kind": "call", "lane": 0, "position": 8,
            "event": ["data": ["operation": "delete", "http_status": 202, "request_id": "req-1"]],
            "told_again": [["source": "/audit", "actor": ["user_name": "alice"]], ["source": "/gateway"]],
        ]
        let lines = timeline([], [try #require(Timeline.Occurrence(item))])
        #expect(lines == ["2026-11-23 12:00:00.250  │ delete by alice → 202  req-1  told by /audit, /gateway too"])
    }

    @Test func aStatusThatLastsIsMeasuredUpToNow() {
        let lines = timeline(
            [visits[1]].map {
                .init(
                    status: $0.status, statusClass: $0.statusClass, from: $0.from, until: nil, notBefore: nil,
                    entry: nil)
            }, [])
        #expect(lines == ["2026-11-23 09:12:04.000  ● active ── 3 h 47 m so far"])
    }

    @Test func theEventThatBeganAStatusIsNotDrawnTwiceAndRepeatedSightingsAreOneLine() {
        func sighting(_ time: String, _ position: Int) -> Timeline.Occurrence {
            .init(
                at: at(time), kind: .sighting(status: "active"), text: "seen active", detail: nil,
                place: place(position))
        }
        let lines = timeline(
            [visits[1]],
            [sighting("09:12:04", 4), sighting("10:00:00", 5), sighting("10:01:00", 6), sighting("10:02:00", 7)])
        #expect(
            lines == [
                "2026-11-23 09:12:04.000  ● active ── 3 h 02 m  ±2.1 s",
                "2026-11-23 10:00:00.000  │ seen active 3 times, last at 2026-11-23 10:02:00.000",
            ])
    }

    @Test func atOneMomentWhatWasRecordedFirstStandsFirst() {
        let lines = timeline(
            [visits[1]],
            [
                .init(
                    at: at("09:12:04"), kind: .call(httpStatus: 200), text: "show → 200", detail: nil, place: place(3)),
                .init(at: at("09:12:04"), kind: .other, text: "back-end details", detail: nil, place: place(5)),
            ])
        #expect(lines.map { $0.dropFirst(25) }.map { $0.prefix(6) } == ["│ show", "● acti", "│ back"])
    }

    @Test func gapsOtherIdsAndWhatNoCallNamesAreMarked() {
        let gone = Timeline.Visit(
            status: "absent", statusClass: "absent", from: at("12:14:05.5"), until: nil, notBefore: nil,
            entry: place(9), isUnnamed: true)
        let lines = timeline(
            [gone],
            [
                .init(
                    at: at("12:00:00"), kind: .gap, text: "nobody was watching ── 3 m 00 s", detail: nil,
                    place: place(-1)),
                .init(at: at("12:20:00"), kind: .link, text: "managed again as b", detail: nil, place: place(-1)),
            ])
        #expect(
            lines == [
                "2026-11-23 12:00:00.000  ┆ nobody was watching ── 3 m 00 s",
                "2026-11-23 12:14:05.500  ○ absent  no call names it",
                "2026-11-23 12:20:00.000  ⇢ managed again as b",
            ])
    }

    @Test func linesFitTheTerminalAndHoldNoControlCharacters() {
        let lines = timeline(
            visits,
            [
                .init(
                    at: at("09:05:00"), kind: .call(httpStatus: 500), text: "delete by \u{1B}]0;x\u{7} → 500",
                    detail: String(repeating: "long ", count: 50) + "\n\u{1B}[2J", place: place(2))
            ], width: 60)
        for line in lines {
            #expect(String(line).columns <= 60)
            #expect(!line.unicodeScalars.contains { $0.isTerminalControl })
        }
    }

    @Test func colourChangesNothingButColour() {
        let plain = timeline(visits, [])
        let coloured = timeline(visits, [], coloured: true)
        #expect(coloured.joined().contains("\u{1B}[32mactive\u{1B}[0m"))
        #expect(coloured.map { $0.replacing(/\u{1B}\[[0-9]*m/, with: "") } == plain.map { String($0)[...] })
    }
}

@Suite struct SpanTests {
    @Test(arguments: [
        (-5, "0 µs"), (0, "0 µs"), (999, "999 µs"), (1000, "1 ms"), (999_999, "999 ms"), (4_250_000, "4.2 s"),
        (59_999_999, "59.9 s"), (60_000_000, "1 m 00 s"), (724_000_000, "12 m 04 s"), (3_600_000_000, "1 h 00 m"),
        (86_399_999_999, "23 h 59 m"), (86_400_000_000, "1 d 00 h"), (9_000_000_000_000, "104 d 04 h"),
    ])
    func isReadInItsTwoLargestUnits(microseconds: Int64, text: String) {
        #expect(Span(microseconds: microseconds).description == text)
    }
}
