import Postgres
import ShareServers
import Testing

/// What the known types ask of `data`, and what the unknown ones are left.
@Suite struct EventDataTests {
    private func call(_ data: String) -> RawEvent { .call.with("data", data) }
    private func status(_ data: String) -> RawEvent { .status.with("data", data) }

    @Test(
        "An event of a known type has an object in data",
        arguments: [
            EventType.call, EventType.status, EventType.backendDetails, EventType.coverage,
        ])
    func known(type: String) {
        let event = RawEvent.plain.with("type", "\"\(type)\"")
        let least =
            switch type {
            case EventType.backendDetails: #"{"details":{}}"#
            case EventType.coverage: #"{"state":"alive"}"#
            default: "{}"
            }
        #expect(event.with("data", least).error == nil)
        for value in [nil, "null", "[]", "1", "\"{}\"", "true"] {
            #expect(event.with("data", value).attributeAtFault == "data", "\(value ?? "missing")")
        }
        #expect(event.with("data_base64", "\"e30=\"").attributeAtFault == "data")
    }

    @Test(
        "An event of an unknown type is kept whatever its data",
        arguments: [
            "com.example.other", "org.openstack.manila.share_server.later", "org.dossier.source",
            "ORG.DOSSIER.SOURCE.COVERAGE",
        ])
    func unknown(type: String) throws {
        for value in ["{}", "[1,2]", "1", "\"text\"", "true", #"{"http_status":"x","status":5}"#] {
            let raw = RawEvent.plain.with("type", "\"\(type)\"").with("data", value)
            let event = try raw.decode()
            #expect(String(decoding: event.canonical, as: UTF8.self) == raw.canonical())
            #expect(event.index == Event.Index())
        }
        #expect(try RawEvent.plain.with("type", "\"\(type)\"").decode().type == type)
    }

    @Test("Data in base64 is kept where it is base64 and stands alone")
    func base64() throws {
        let raw = RawEvent.plain.with("data_base64", "\"AAECAw==\"").with("datacontenttype", "\"image/png\"")
        #expect(String(decoding: try raw.decode().canonical, as: UTF8.self) == raw.canonical())
        for value in ["\"A\"", "\"AAE*\"", "\"not base64\"", "1", "{}", "[\"AAECAw==\"]"] {
            #expect(raw.with("data_base64", value).attributeAtFault == "data_base64", "\(value)")
        }
        #expect(raw.with("data", "{}").attributeAtFault == "data_base64")
    }

    @Test(
        "Extension attributes are kept",
        arguments: [
            ("traceparent", #""00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01""#), ("sampled", "true"),
            ("n", "0"),
            ("sequence", "2147483647"), ("offset", "-2147483648"), ("a1", "false"), ("0", #""""#),
            ("recordedtimes", #""x""#),
            ("recordedtim", #""x""#), ("zzz", #""x""#),
        ])
    func extensions(name: String, value: String) throws {
        let raw = RawEvent.plain.with(name, value)
        #expect(String(decoding: try raw.decode().canonical, as: UTF8.self) == raw.canonical())
    }

    /// Source: CloudEvents 1.0.2, "Attribute Naming Convention": lower-case letters and digits of ASCII.
    @Test(
        "An extension whose name CloudEvents forbids is named",
        arguments: [
            "Trace", "trace_parent", "trace-parent", "trace parent", "é", "ａ", "a.b", "ID", "Data", "", "data_base65",
            "a\n",
        ])
    func extensionNames(name: String) {
        #expect(RawEvent.plain.with(name, "\"x\"").attributeAtFault == name)
    }

    /// Source: CloudEvents 1.0.2, "Type System".
    @Test(
        "An extension whose value CloudEvents forbids is named",
        arguments: [
            "1.5", "2147483648", "-2147483649", "1e30", "{}", "[]", #"{"a":1}"#, "[null]",
        ])
    func extensionValues(value: String) {
        #expect(RawEvent.plain.with("myextension", value).attributeAtFault == "myextension")
    }

    @Test(
        "A member of a call that is wrong is named with its path",
        arguments: [
            ("http_status", ["99", "600", "0", "-200", "200.5", "\"200\"", "true", "[]", "1e10"], "data.http_status"),
            ("duration_ms", ["-1", "-0.001", "\"5\"", "true", "{}"], "data.duration_ms"),
            ("operation", ["1", "\"\"", "[]", "false"], "data.operation"),
            ("request_id", ["1", "\"\"", "{}"], "data.request_id"), ("actor", ["\"u\"", "[]", "1"], "data.actor"),
            ("actor", [#"{"user_id":1}"#, #"{"user_id":""}"#, #"{"user_id":{}}"#], "data.actor.user_id"),
            ("actor", [#"{"project_id":1}"#, #"{"project_id":""}"#], "data.actor.project_id"),
        ])
    func wrongCall(name: String, values: [String], path: String) {
        for value in values { #expect(call("{\"\(name)\":\(value)}").attributeAtFault == path, "\(value)") }
        #expect(call("{\"\(name)\":null}").error == nil)
    }

    @Test(
        "What answers repeat as it is has the type that they say",
        arguments: [
            ("task_state", ["5", "{}"]), ("share_network_id", ["{}", "1"]), ("share_network_name", ["1"]),
            ("identifier", ["[]"]), ("is_auto_deletable", ["\"yes\"", "1"]), ("source_share_server_id", ["false"]),
            ("share_network_subnet_ids", ["[1]", "[\"a\",null]", "\"a\"", "{}"]),
            ("created_at", ["\"nope\"", "5", "\"2026-02-30T00:00:00\""]), ("updated_at", ["5", "\"\""]),
        ])
    func shapes(name: String, values: [String]) {
        for value in values {
            #expect(status("{\"\(name)\":\(value)}").attributeAtFault == "data.\(name)", "\(value)")
        }
        #expect(status("{\"\(name)\":null}").error == nil)
    }

    @Test("Times of a status may be as Manila writes them")
    func times() {
        for time in ["2026-11-23T09:39:38.246654", "2026-11-23T09:39:38", "2026-11-23T09:39:38Z"] {
            #expect(status("{\"created_at\":\"\(time)\"}").error == nil, "\(time)")
        }
        #expect(status(#"{"share_network_subnet_ids":["a","b"]}"#).error == nil)
        #expect(status(#"{"share_network_subnet_ids":[]}"#).error == nil)
    }

    @Test("A call's method, path and fault have the types that answers say")
    func callShapes() {
        for (name, value) in [("method", "5"), ("path", "5"), ("fault", "\"x\""), ("remote_address", "[]")] {
            #expect(call("{\"\(name)\":\(value)}").attributeAtFault == "data.\(name)")
        }
    }

    @Test(
        "Back-end details are an object in the member details",
        arguments: ["{}", "{\"details\":5}", "{\"service_ip\":\"a\"}"])
    func details(data: String) {
        let event = RawEvent.status.with("type", "\"\(EventType.backendDetails)\"")
        #expect(event.with("data", data).attributeAtFault == "data.details")
        #expect(event.with("data", #"{"details":{"a":"b"}}"#).error == nil)
    }

    @Test(
        "The status of a call may be any from 100 to 599, in any notation",
        arguments: [
            ("100", 100), ("599", 599), ("2e2", 200), ("404.0", 404), ("5.03e2", 503),
        ] as [(String, Int32)])
    func httpStatus(text: String, expected: Int32) throws {
        #expect(try call("{\"http_status\":\(text)}").decode().index.httpStatus == expected)
    }

    @Test(
        "A member of a status that is wrong is named with its path",
        arguments: [
            ("status", ["1", "\"\"", "{}", "true"]), ("project_id", ["1", "\"\"", "[]"]),
            ("host", ["1", "\"\"", "{}"]),
            (
                "not_before",
                [
                    "1", "\"\"", "\"yesterday\"", "\"2026-02-30T00:00:00Z\"", "\"2026-11-23T09:55:14.984209Z\"",
                    "\"2027-01-01T00:00:00Z\"", "\"2026-06-30T23:59:60.5Z\"", "\"2026-01-01T00:00:00+23:59\"",
                    "\"2026-01-01T00:00:00-16:00\"", "[]",
                ]
            ),
        ])
    func wrongStatus(name: String, values: [String]) {
        for value in values { #expect(status("{\"\(name)\":\(value)}").attributeAtFault == "data.\(name)", "\(value)") }
        #expect(status("{\"\(name)\":null}").error == nil)
    }

    @Test(
        "A former status may have been seen up to the moment of the new one",
        arguments: [
            "2026-11-23T09:55:14.984208Z", "2026-11-23T10:55:14.984208+01:00", "0001-01-01T00:00:00Z",
            "2026-11-24T01:54:14+15:59",
        ])
    func notBefore(text: String) {
        #expect(status("{\"not_before\":\"\(text)\"}").error == nil)
    }

    @Test("A call is indexed by what its data says")
    func callIndex() throws {
        let event = try call(
            #"""
            {"operation":"manage","http_status":202,"request_id":"req-7","status":"not this","host":"nor this",
             "project_id":"nor this","actor":{"user_id":"u-1","project_id":"p-1","user_name":"x","roles":[]},
             "request":{"share_server":{"host":"lab@alpha#pool"}}}
            """#
        ).decode()
        var expected = Event.Index()
        expected.operation = "manage"
        expected.httpStatus = 202
        expected.requestID = "req-7"
        expected.actorUserID = "u-1"
        expected.projectID = "p-1"
        expected.host = "lab@alpha#pool"
        #expect(event.index == expected)
    }

    @Test("A status is indexed by what its data says")
    func statusIndex() throws {
        let event = try status(
            #"{"status":"tüp\n\"1\"","project_id":"p-2","host":"h\u00e9@b","operation":"x","http_status":1,"request_id":"r"}"#
        ).decode()
        var expected = Event.Index()
        expected.status = "tüp\n\"1\""
        expected.projectID = "p-2"
        expected.host = "hé@b"
        #expect(event.index == expected)
    }

    @Test("Members with null or of another meaning are not indexed")
    func emptyIndex() throws {
        let empty =
            #"{"operation":null,"http_status":null,"request_id":null,"actor":null,"request":{"share_server":1}}"#
        #expect(try call(empty).decode().index == Event.Index())
        #expect(try call(#"{"request":{"share_server":{"host":5}}}"#).decode().index == Event.Index())
        #expect(try call(#"{"request":[],"actor":{}}"#).decode().index == Event.Index())
        #expect(try status(#"{"status":null,"host":null,"project_id":null}"#).decode().index == Event.Index())
    }
}
