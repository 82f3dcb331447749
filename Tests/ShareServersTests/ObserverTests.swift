import Postgres
import ShareServers
import Testing

@Suite struct ObserverTests {
    @Test func aServerIsNotedWhenItIsFirstSeenAndWheneverItChanges() throws {
        var observer = Observer.make()
        let creating = #""status": "creating", "host": "lab@alpha", "updated_at": "2026-11-23T09:00:00.5""#
        #expect(
            try observer.statuses(show(at: 1, creating)) == [
                ["status": "creating", "host": "lab@alpha", "updated_at": "2026-11-23T09:00:00.500000Z"]
            ])
        #expect(try observer.statuses(show(at: 2, creating)) == [])
        #expect(try observer.statuses(show(at: 3, #""status": "creating", "updated_at": "2026-11-23T09:00:02""#)) == [])
        let events = try observer.sightings(show(at: 4, #""status": "active", "host": "lab@alpha""#))
        #expect(events.count == 1)
        #expect(events[0].time == moment(4))
        #expect(events[0].subject == serverA)
        #expect(
            try events[0].data
                == ["status": "active", "host": "lab@alpha", "not_before": "2026-11-23T09:00:03.000000Z"])
    }

    @Test func aSightingIsOfTheMomentOfTheAnswer() throws {
        var observer = Observer.make()
        var exchange = show(at: 1, #""status": "active""#)
        exchange.duration = .milliseconds(250)
        let events = try observer.events(from: exchange)
        #expect(events.map(\.time) == [moment(1), moment(1.25)])
        #expect(events.map(\.type) == [EventType.call, EventType.status])
    }

    @Test func everyServerOfAListIsNotedInItsOrder() throws {
        var observer = Observer.make()
        let list = exchange(
            "GET", "/v2/share-servers",
            answer: """
                {"share_servers": [{"id": "\(serverB)", "status": "active"}, 7, null, {"id": "x", "status": "active"},
                {"id": "\(serverA)"}, {"id": "\(serverA)", "status": 5}, {"id": "\(serverA)", "status": "error",
                "host": 5, "task_state": null, "created_at": "yesterday", "share_network_subnet_ids": [1]},
                {"id": "\(serverB)", "status": "active"}]}
                """)
        let events = try observer.sightings(list)
        #expect(events.map(\.subject) == [serverB, serverA])
        #expect(try events.map { try $0.data } == [["status": "active"], ["status": "error", "task_state": nil]])
    }

    @Test func membersThatAnAnswerLeavesOutHaveNotChanged() throws {
        var observer = Observer.make()
        let full = #""status": "active", "identifier": "i", "task_state": null, "is_auto_deletable": true"#
        #expect(try observer.statuses(show(at: 1, full)).count == 1)
        #expect(try observer.statuses(show(at: 2, #""status": "active""#)) == [])
        #expect(try observer.statuses(show(at: 3, full)) == [])
        #expect(
            try observer.statuses(show(at: 4, #""status": "active", "is_auto_deletable": false"#)) == [
                ["status": "active", "is_auto_deletable": false, "not_before": "2026-11-23T09:00:03.000000Z"]
            ])
    }

    @Test func aServerWhoseNetworkIsGoneKeepsItsProject() throws {
        var observer = Observer.make()
        let network = #""project_id": "p", "share_network_id": "n", "share_network_name": "net""#
        #expect(try observer.statuses(show(at: 1, #""status": "deleting", \#(network)"#)).count == 1)
        let gone = #""status": "deleting", "project_id": "", "share_network_id": null, "share_network_name": """#
        #expect(
            try observer.statuses(show(at: 2, gone)) == [
                [
                    "status": "deleting", "share_network_id": nil, "share_network_name": "",
                    "not_before": "2026-11-23T09:00:01.000000Z",
                ]
            ])
    }

    @Test func oneSubnetOfOlderMicroversionsIsTheFirstOfTheList() throws {
        var observer = Observer.make()
        let old = { (subnet: String) in #""status": "active", "share_network_subnet_id": \#(subnet)"# }
        let new = { (subnets: String) in #""status": "active", "share_network_subnet_ids": \#(subnets)"# }
        #expect(
            try observer.statuses(show(at: 1, old(#""a""#))) == [
                ["status": "active", "share_network_subnet_ids": ["a"]]
            ])
        #expect(try observer.statuses(show(at: 2, new(#"["a"]"#))) == [])
        #expect(
            try observer.statuses(show(at: 3, new(#"["b", "a"]"#))).first?["share_network_subnet_ids"] == ["a", "b"])
        #expect(try observer.statuses(show(at: 4, old(#""b""#))) == [])
        #expect(try observer.statuses(show(at: 5, new(#"["a", "b"]"#))) == [])
        #expect(try observer.statuses(show(at: 6, old(#""c""#))).first?["share_network_subnet_ids"] == ["c"])
        #expect(try observer.statuses(show(at: 7, old("null"))).first?["share_network_subnet_ids"] == [])
    }

    @Test func aKnownServerThatIsNotFoundIsAbsent() throws {
        var observer = Observer.make()
        #expect(try observer.statuses(notFound(at: 1)) == [])
        #expect(try observer.statuses(show(at: 2, #""status": "active""#)).count == 1)
        for message in [
            "The resource could not be found.", "Share server \(serverB) could not be found.",
            "ServiceNotFound: Share server \(serverA) could not be found.",
            "Share server \(serverA) could not be found",
        ] {
            #expect(try observer.statuses(notFound(at: 3, message: message)) == [])
        }
        #expect(
            try observer.statuses(notFound(at: 4))
                == [["status": "absent", "not_before": "2026-11-23T09:00:02.000000Z"]])
        #expect(try observer.statuses(notFound(at: 5)) == [])
        let delete = exchange(
            "DELETE", "/v2/share-servers/\(serverA)", at: 6, status: 404,
            answer: #"{"itemNotFound": {"code": 404, "message": "Share server \#(serverA) could not be found."}}"#)
        #expect(try observer.statuses(delete) == [])
    }

    @Test func anAcceptedManageIsASighting() throws {
        var observer = Observer.make()
        let answer = #"{"share_server": {"id": "\#(serverA)", "status": "manage_starting", "backend_details": {}}}"#
        let events = try observer.events(
            from: exchange("POST", "/v2/share-servers/manage", body: "{}", status: 202, answer: answer))
        #expect(events.map(\.type) == [EventType.call, EventType.status, EventType.backendDetails])
        #expect(events.map(\.subject) == [serverA, serverA, serverA])
        #expect(try events[1].data == ["status": "manage_starting"])
    }

    @Test func acceptedCallsThatShowNothingAreNoSightings() throws {
        var observer = Observer.make()
        for action in ["reset_status", "unmanage", "migration_start", "migration_cancel", "reset_task_state"] {
            let target = "/v2/share-servers/\(serverA)/action"
            let exchange = exchange("POST", target, body: #"{"\#(action)": {"status": "error"}}"#, status: 202)
            #expect(try observer.events(from: exchange).count == 1)
        }
        #expect(try observer.events(from: exchange("GET", "/v2/shares", answer: #"{"share_servers": []}"#)) == [])
    }

    @Test func migrationAnswersAreSightingsWithoutAStatus() throws {
        var observer = Observer.make()
        let action = { (seconds: Double, action: String, answer: String) in
            exchange(
                "POST", "/v2/share-servers/\(serverA)/action", at: seconds, body: #"{"\#(action)": null}"#,
                answer: answer)
        }
        let progress = { (state: String, destination: String) in
            #"{"total_progress": 0, "task_state": "\#(state)", "destination_share_server_id": "\#(destination)"}"#
        }
        #expect(try observer.sightings(action(1, "migration_get_progress", progress("", ""))) == [])
        let running = try observer.sightings(action(2, "migration_get_progress", progress("driver", serverB)))
        #expect(running.map(\.subject) == [serverA, serverB])
        #expect(
            try running.map { try $0.data } == [["task_state": "driver"], ["source_share_server_id": .string(serverA)]])
        #expect(try observer.sightings(action(3, "migration_get_progress", progress("driver", serverB))) == [])
        let complete = #"{"destination_share_server_id": "\#(serverB)"}"#
        #expect(try observer.sightings(action(4, "migration_complete", complete)) == [])
        let changed = try observer.statuses(action(5, "migration_get_progress", progress("success", serverB)))
        #expect(changed == [["task_state": "success", "not_before": "2026-11-23T09:00:03.010000Z"]])
        var fresh = Observer.make()
        #expect(
            try fresh.statuses(action(6, "migration_complete", complete))
                == [["source_share_server_id": .string(serverA)]])
    }

    @Test func backEndDetailsAreNotedOnceWithoutTheirSecrets() throws {
        var observer = Observer.make()
        let details = #"{"ip": "10.0.0.1", "password": "p"}"#
        let answer = exchange("GET", "/v2/share-servers/\(serverA)/details", answer: #"{"details": \#(details)}"#)
        let events = try observer.sightings(answer)
        #expect(events.map(\.type) == [EventType.backendDetails])
        #expect(try events[0].data == ["details": ["ip": "10.0.0.1", "password": redaction.seal("p")]])
        #expect(try observer.sightings(show(at: 1, #""status": "active", "backend_details": \#(details)"#)).count == 1)
        let other = #""status": "active", "backend_details": {"password": "q"}"#
        #expect(
            try observer.sightings(show(at: 2, other)).map { try $0.data } == [
                ["details": ["password": redaction.seal("q")]]
            ])
    }
}
