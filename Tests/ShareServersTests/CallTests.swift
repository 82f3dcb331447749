import FoundationEssentials
import ShareServers
import Testing

@Suite struct CallTests {
    static let project = "5082bb060a284fc895e6bf567a48f40f"
    static let prefixes = [
        "/v2", "/v2/\(project)", "/share/v2", "/shared-file-system/v2/\(project)", "//v2/", "/v2/a-project",
        "http://user:word@manila:8786/v2", "/%76%32",
    ]
    static let routes: [(String, String, String, ShareServers.Operation)] =
        [
            ("GET", "", "", .list), ("GET", "?limit=1", "", .list), ("GET", "/", "", .list),
            ("GET", "/\(serverA)", "", .show), ("GET", "/\(serverA)/", "", .show), ("get", "/\(serverA)?x", "", .show),
            ("GET", "/\(serverA)/details", "", .details), ("GET", "//\(serverA)//details/", "", .details),
            ("DELETE", "/\(serverA)", "", .delete), ("POST", "/manage", "{}", .manage),
            ("POST", "/manage/", "", .manage),
            ("POST", "", "{}", .other), ("PUT", "/\(serverA)", "{}", .other), ("HEAD", "", "", .other),
            ("PATCH", "/manage", "", .other), ("GET", "/\(serverA)/action", "", .other),
            ("GET", "/\(serverA)/details/more", "", .other), ("POST", "/\(serverA)/details", "", .other),
            ("POST", "/\(serverA)/action", "", .other), ("POST", "/\(serverA)/action", "{nope", .other),
            ("POST", "/\(serverA)/action", "[]", .other), ("POST", "/\(serverA)/action", "{}", .other),
            ("POST", "/\(serverA)/action", #"{"explode": null}"#, .other),
            ("POST", "/\(serverA)/action", #"{"delete": null}"#, .other),
            ("POST", "/\(serverA)/action", #"{"other": null}"#, .other),
            ("POST", "/\(serverA)/action", #"{"unmanage": null, "reset_status": null}"#, .other),
        ]
        + ShareServers.Operation.allCases.filter { actions.contains($0.rawValue) }.map {
            ("POST", "/\(serverA)/action", #" {"\#($0.rawValue)" : null}"#, $0)
        }
    static let actions = [
        "unmanage", "reset_status", "reset_task_state", "migration_check", "migration_start", "migration_complete",
        "migration_cancel", "migration_get_progress",
    ]

    @Test(arguments: prefixes)
    func everyRouteIsRecognisedBelowEveryPrefix(prefix: String) throws {
        #expect(Self.routes.filter { Self.actions.contains($0.3.rawValue) }.count == 8)
        for (method, path, body, operation) in Self.routes {
            let call = try #require(
                Call(method: method, target: prefix + "/share-servers" + path, body: Array(body.utf8)))
            #expect(call.operation == operation, "\(method) \(path) \(body)")
            #expect((call.serverID == nil) == !path.contains(serverA), "\(path)")
        }
    }

    @Test(arguments: [
        "/", "", "/v2", "/v2/", "/v2/share-servers-extra", "/v2/share-servers.json", "/v2/shares/\(serverA)",
        "/v2/shares?next=/v2/share-servers", "/share-servers", "/v3/share-servers", "/v2/shares/share-servers",
        "/v2/types/share-servers", "/v2/\(project)/shares/share-servers", "/v2/share_servers", "/v2/Share-Servers",
        "/v2/shares#/v2/share-servers", "/v2/shares/\(serverA)/share-servers", "/v2/share-servers/../shares",
        "http://manila/", "http://manila?/v2/share-servers", "/v2/share-networks/\(serverA)/v2/share-servers",
        "/v2?/share-servers", "%", "/v2/%",
    ])
    func otherPathsAreNoCalls(target: String) {
        #expect(Call(method: "GET", target: target) == nil)
    }

    @Test(arguments: [
        "/v2/share%2Dservers/\(serverA)", "/v2/share-servers/\(serverA.uppercased())", "/v2/share-servers%2F\(serverA)",
        "/v2/x/../share-servers/./\(serverA)", "/v2/share-servers/%38c041935-231e-405a-a0d2-d5b0acdceb46",
        "/v2/shares/%2e%2e/share-servers/\(serverA)", "HTTPS://manila/v2/share-servers/\(serverA)#top",
    ])
    func disguisesAreSeenThrough(target: String) throws {
        let call = try #require(Call(method: "GET", target: target))
        #expect(call.operation == .show)
        #expect(call.serverID?.uuidString.lowercased() == serverA)
    }

    @Test(arguments: ["manage", "nope", "8c041935231e405aa0d2d5b0acdceb46", "\(serverA).json", "{\(serverA)}", "%00"])
    func anIdThatIsNoUUIDMakesACallWithoutAServer(id: String) throws {
        let call = try #require(Call(method: "GET", target: "/v2/share-servers/" + id))
        #expect(call.operation == .show)
        #expect(call.serverID == nil)
    }

    @Test func theProjectIsTakenFromThePath() throws {
        #expect(
            try #require(Call(method: "GET", target: "/v2/\(Self.project)/share-servers")).pathProjectID == Self.project
        )
        #expect(try #require(Call(method: "GET", target: "/v2/share-servers/share-servers")).pathProjectID == nil)
        #expect(try #require(Call(method: "GET", target: "/share/v2/share-servers")).pathProjectID == nil)
    }

    @Test func whatMayChangeAServerIsKnownBeforeItIsForwarded() throws {
        let changing: Set<ShareServers.Operation> = [
            .delete, .manage, .unmanage, .resetStatus, .resetTaskState, .migrationStart, .migrationComplete,
            .migrationCancel,
        ]
        for operation in ShareServers.Operation.allCases {
            #expect(operation.isChanging == changing.contains(operation))
        }
        let target = "/v2/share-servers/\(serverA)"
        #expect(try #require(Call(method: "PUT", target: target)).mayChange)
        #expect(try #require(Call(method: "POST", target: target + "/action", body: [0x7B])).mayChange)
        #expect(try !#require(Call(method: "HEAD", target: target)).mayChange)
        #expect(try !#require(Call(method: "GET", target: target)).mayChange)
    }

    @Test(arguments: [
        ("active", StatusClass.serving), ("error", .failed), ("manage_error", .failed), ("unmanage_error", .failed),
        ("new_error", .failed), ("creating", .transitional), ("deleting", .transitional),
        ("manage_starting", .transitional), ("unmanage_starting", .transitional), ("network_change", .transitional),
        ("server_migrating", .transitional), ("server_migrating_to", .transitional), ("inactive", .other),
        ("never heard of", .other), ("", .other), ("Active", .other), ("errors", .other), ("absent", .absent),
    ])
    func everyStatusHasAClass(status: String, expected: StatusClass) {
        #expect(StatusClass(status: status) == expected)
    }
}
