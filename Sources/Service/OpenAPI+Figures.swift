import ShareServers

// swift-format-ignore
extension OpenAPI {
    /// What the answers over time are made of, each figure with its meaning.
    static let analyticsSchemas: [String: JSON] = [
        "Window": window,
        "TimeInState": timeInState,
        "StatusTime": statusTime,
        "Reliability": reliability,
        "TimeToRestore": timeToRestore,
        "Creations": creations,
        "CapacityStep": capacityStep,
        "Calls": calls,
        "Failure": failure,
        "Offender": offender,
        "Stuck": stuck,
        "CoverageInterval": coverageInterval,
        "Source": source,
        "Deviation": deviation,
        "Difference": difference,
    ]

    private static let window: JSON = object("The half-open window that the answer is about.", [
        "from": moment, "until": described(moment, "Exclusive; no later than what is known."),
        "length_s": number, "is_clipped": described(["type": "boolean"], "Whether more was asked for than is known."),
    ])

    private static let timeInState: JSON = object("How long the servers of one group were in each status. A visit counts whole where the server was when it ended.", [
        "group": described(nullable("string"), "null: servers of which it was not told."),
        "servers": described(integer, "Servers that were in the group for any time that they were not absent."),
        "window_s": described(number, "The window, once for each server."),
        "unobserved_s": described(number, "Before servers were first seen, and while none of their sources was watching."),
        "absent_s": described(number, "Before servers were created, after they were gone, or while they were in other groups."),
        "observed_share": described(nullable("number"), "Of the time for which servers were not absent, what was observed."),
        "statuses": list("StatusTime"),
    ])

    private static let statusTime: JSON = object("One status. Lengths are of whole visits, also of what lies before the window.", [
        "status": string, "class": string,
        "total_s": described(number, "All time in the status within the window, of visits that have not ended too."),
        "share": described(nullable("number"), "Of the time for which servers were not absent."),
        "begun": described(integer, "Visits that began in the window."),
        "completed": described(integer, "Visits that ended in the window; the figures from mean to max are theirs."),
        "censored": described(integer, "Visits that had not ended when the window did."),
        "mean_s": nullable("number"),
        "p50_s": described(nullable("number"), "By linear interpolation between the closest ranks, like p95."),
        "p95_s": nullable("number"), "max_s": nullable("number"),
        "median_km_s": described(nullable("number"), "The Kaplan-Meier median over completed and censored visits; visits that began before the window enter it at the age that they had then. null: not reached, more than half are still there."),
        "uncertainty_max_s": described(number, "Of visits that began in the window, by how much earlier one may have begun: nobody looked in between."),
    ])

    private static let reliability: JSON = object("How often the servers of one group failed, and what came of it.", [
        "group": nullable("string"), "servers": integer,
        "failures": described(integer, "Entries into a failed status from another."),
        "asserted_failures": described(integer, "Of these, by reset_status: somebody's word, not an observation."),
        "first_seen_failed": described(integer, "Servers that had failed already when they were first seen; in no other figure."),
        "time_to_restore": reference("TimeToRestore"),
        "mtbf": object("Serving time by failures, with its chi-square bounds (NIST handbook, 8.4.5.1); without a failure only the lower one.", [
            "estimate_s": nullable("number"), "lower_s": nullable("number"), "upper_s": nullable("number"),
        ]),
        "availability": described(nullable("number"), "Serving time by observed time, neither absent nor unobserved."),
        "serving_s": number, "observed_s": number,
        "observed_share": described(nullable("number"), "Of the time for which servers were not absent."),
        "creations": reference("Creations"),
    ])

    private static let timeToRestore: JSON = object("From a failure to the next serving status, by the end of the window.", [
        "n": described(integer, "Failures."), "restored": integer,
        "restored_by_reset": described(integer, "Of these, by reset_status: no proof of repair."),
        "gone": described(integer, "The server was gone first: a competing outcome."),
        "open": described(integer, "Neither has come."),
        "mean_s": described(nullable("number"), "Of those restored alone."), "p50_s": nullable("number"),
        "max_s": nullable("number"),
        "median_km_s": described(nullable("number"), "Kaplan-Meier; gone and open are censored. null: not reached."),
        "p90_km_s": nullable("number"),
        "incidence": described(nullable("object", ["restored": number, "gone": number]), "Aalen-Johansen: the probability that each outcome has come by the age of the last one."),
    ])

    private static let creations: JSON = object("What came of creations that began in the window: the next status, by its class.", [
        "n": integer, "serving": integer, "failed": integer, "absent": integer, "open": integer,
        "median_km_s": described(nullable("number"), "To serving; Kaplan-Meier."),
        "incidence": described(nullable("object", ["serving": number, "failed": number, "absent": number]), "Aalen-Johansen, as above."),
    ])

    private static let capacityStep: JSON = object("One group in one step.", [
        "group": nullable("string"), "from": moment, "until": moment,
        "classes": [
            "type": "object",
            "additionalProperties": object("A class of statuses, or `unobserved`.", [
                "mean": described(number, "Servers, weighted by time."), "peak": described(integer, "The most at any moment."),
                "server_hours": number,
            ]),
        ],
        "created": described(integer, "When Manila says that it was; where it does not, when first seen on its way in."),
        "removed": described(integer, "When first seen to be gone."),
    ])

    private static let calls: JSON = object("The calls of one group.", [
        "group": described(nullable("string"), "null: calls of which it was not told."), "calls": integer,
        "http": ["type": "object", "additionalProperties": integer, "description": "By class of status: `2xx`, …; `none` without an answer."],
        "rate_per_hour": nullable("number"), "failed_share": described(number, "Answered 4xx or 5xx."),
        "timed": described(integer, "Calls whose duration was told; the figures below are theirs."),
        "mean_ms": nullable("number"),
        "p50_ms": described(nullable("number"), "The least duration that half of the calls did not exceed; within 1 %, like those below."),
        "p90_ms": nullable("number"), "p99_ms": nullable("number"), "max_ms": nullable("number"),
    ])

    private static let failure: JSON = object("An episode in failed statuses, or a failed call.", [
        "kind": ["enum": ["episode", "call"]], "at": moment, "server_id": nullable("string"), "entry": place,
        "host": nullable("string"), "project_id": nullable("string"),
    ], optional: [
        "call": summary, "status": string,
        "former_status": described(nullable("string"), "null: it had failed when it was first seen."),
        "not_before": nullable("string"), "until": nullable("string"), "until_status": nullable("string"),
        "duration_s": described(nullable("number"), "null: not over yet."),
        "resolution": ["enum": ["reset", "delete", "unmanage", "retry", "itself", .null], "description": "The accepted call that ended it; `retry`: another one; `itself`: none; null: not over yet."],
        "is_asserted": described(["type": "boolean"], "The server was set failed by reset_status."),
        "visits": described(integer, "Failed statuses in a row."),
        "recurrence": described(integer, "Episodes of this server before this one."),
        "share_network_id": nullable("string"), "cause": summary, "remedy": summary,
    ])

    private static let offender: JSON = object("A server that failed more than once in the window.", [
        "server_id": string, "episodes": integer, "failed_s": number, "host": nullable("string"),
    ])

    private static let stuck: JSON = object("A server that has not moved on.", [
        "server_id": string, "status": string, "since": moment, "not_before": nullable("string"), "age_s": number,
        "usual_s": described(nullable("number"), "The 99th percentile; null where no visit to compare with has ended."),
        "compared": described(integer, "Visits it is made of."),
        "is_by_host": described(["type": "boolean"], "Whether those are of the same host."),
        "host": nullable("string"), "project_id": nullable("string"), "share_network_id": nullable("string"),
        "entry": place, "cause": summary,
    ])

    private static let coverageInterval: JSON = object("A run of a source, from its start to its last sign of life, or a gap that it found.", [
        "source": string, "state": ["enum": ["watching", "gap"]], "from": moment, "until": moment,
        "has_stopped": described(["type": "boolean"], "Whether it said goodbye."), "entry": place,
    ])

    private static let source: JSON = object("A source of events.", [
        "source": string, "servers": described(integer, "Of which it told the status."),
        "has_declared": described(["type": "boolean"], "Whether it says when it is watching; one that never did is taken to watch always."),
        "watched_s": nullable("number"), "watched_share": described(nullable("number"), "Of the window."),
    ])

    private static let deviation: JSON = object("What should not have been possible.", [
        "kind": ["enum": ["transition", "call"]], "at": moment, "server_id": string, "entry": place,
        "status": string, "host": nullable("string"), "project_id": nullable("string"), "reason": string,
    ], optional: [
        "former_status": string, "is_documented": described(["type": "boolean"], "Whether Manila documents both statuses."),
        "not_before": nullable("string"), "cause": summary, "call": summary,
        "is_certain": described(["type": "boolean"], "Whether the same status was seen again after the call."),
    ])

    private static let difference: JSON = object("A server whose status changed.", [
        "server_id": string, "lane": integer,
        "kind": ["enum": ["came", "came and went", "came back", "went", "changed", "came back to"]],
        "before": described(nullable("string"), "The status just before the window; null: not seen by then."),
        "after": described(string, "The status at its end."), "host": nullable("string"),
        "project_id": nullable("string"),
        "attributes": ["type": "object", "additionalProperties": object("", ["before": [:], "after": [:]])],
        "changes": ["type": "array", "items": object("", ["at": moment, "status": string, "position": integer, "cause": summary])],
        "calls": ["type": "array", "items": summary, "description": "Every call that asked to change the server, refused ones too."],
    ])

    // MARK: - Parts

    private static let integer: JSON = ["type": "integer"]
    private static let place: JSON = object("Where in the log.", ["lane": integer, "position": integer])
    /// What an answer says of an entry that it refers to.
    private static let summary: JSON = ["type": ["object", "null"], "description": "An entry in short."]

    private static func nullable(_ type: JSON) -> JSON { ["type": .array([type, "null"])] }

    private static func nullable(_ type: JSON, _ properties: [String: JSON]) -> JSON {
        ["type": .array([type, "null"]), "properties": .object(properties)]
    }

    private static func described(_ schema: JSON, _ description: String) -> JSON {
        .object((schema.object ?? [:]).merging(["description": .string(description)]) { _, new in new })
    }

    private static func object(
        _ description: String, _ properties: [String: JSON], optional: [String: JSON] = [:]
    ) -> JSON {
        [
            "type": "object", "description": .string(description),
            "properties": .object(properties.merging(optional) { one, _ in one }),
            "required": .array(properties.keys.sorted().map { .string($0) }),
        ]
    }
}
