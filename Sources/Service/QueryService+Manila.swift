import FoundationEssentials
import HTTPTypes
import Hummingbird
import Postgres
import Queries
import ShareServers

extension QueryService {
    /// The first three calls of Manila's share-server API, answered from the projections in its own shapes; below
    /// `/at/{time}`, as Manila would have answered them at that moment.
    func addManilaRoutes(to router: Router<Context>) {
        for moment in ["", "/at/:time"] {
            for prefix in ["\(moment)/v2", "\(moment)/v2/:project_id"] {
                router.get("\(prefix)/share-servers", use: manila(listServers))
                router.get("\(prefix)/share-servers/:id", use: manila(showServer))
                router.get("\(prefix)/share-servers/:id/details", use: manila(showDetails))
            }
            router.get("\(moment)/v2", use: versions)
        }
        router.get("/at/:time", use: versions)
    }

    @Sendable private func versions(_ request: Request, _ context: Context) -> Response {
        do throws(ManilaFault) {
            _ = try moment(context)
            return Response(json: Microversion.document(request))
        } catch {
            return error.response
        }
    }

    private typealias ManilaCall = @Sendable (Request, Context, Microversion, _ at: Timestamp?) async throws -> JSON

    /// The moment that a path names; nil in one that names none.
    private func moment(_ context: Context) throws(ManilaFault) -> Timestamp? {
        guard let written = context.parameters.get("time") else { return nil }
        guard let text = Percent.decodeExactly(written.utf8), let time = Timestamp(text) else {
            throw ManilaFault(
                .badRequest, "The time \(written) is none: an RFC 3339 time is expected, such as 2026-11-23T09:55:00Z.")
        }
        return time
    }

    /// Reads the microversion, echoes it, and tells errors as Manila does.
    private func manila(_ call: @escaping ManilaCall) -> @Sendable (Request, Context) async throws -> Response {
        { request, context in
            let version: Microversion
            do throws(ManilaFault) {
                version = try Microversion.requested(request.headers[.manilaVersion])
            } catch {
                return error.response
            }
            do {
                var headers = ManilaFault.identity
                headers[.manilaVersion] = version.description
                let at = try moment(context)
                return Response(json: try await call(request, context, version, at), headers: headers)
            } catch var fault as ManilaFault {
                fault.version = version.description
                return fault.response
            }
        }
    }

    /// Rows fetched at once: Manila's list has no pages.
    private static let chunk: Int32 = 1000

    @Sendable private func listServers(
        _ request: Request, _ context: Context, _ version: Microversion, _ at: Timestamp?
    ) async throws -> JSON {
        let wanted = try ManilaFilter(request)
        let states = try await read(context) { connection in
            var all: [ServerState] = []
            var after: ServerKey?
            while true {
                let page = try Self.states(
                    wanted.filter, at: at, after: after, limit: Self.chunk, connection)
                all += page.filter { $0.isPresent && wanted.accepts($0) }
                guard page.count == Self.chunk, let last = page.last else { return all }
                after = last.key
            }
        }
        return ["share_servers": .array(states.map { $0.manila(version) })]
    }

    @Sendable private func showServer(
        _ request: Request, _ context: Context, _ version: Microversion, _ at: Timestamp?
    ) async throws -> JSON {
        let (state, details) = try await shown(context, at)
        var server = state.manila(version).object ?? [:]
        server["created_at"] = state.time("created_at")
        server["backend_details"] = details
        return ["share_server": .object(server)]
    }

    @Sendable private func showDetails(
        _ request: Request, _ context: Context, _ version: Microversion, _ at: Timestamp?
    ) async throws -> JSON {
        ["details": try await shown(context, at).details]
    }

    /// The server that the path names, with its back-end details; not found where it is gone.
    private func shown(_ context: Context, _ at: Timestamp?) async throws -> (state: ServerState, details: JSON) {
        let text = pathID(context) ?? ""
        guard text.utf8.count == 36, let id = UUID(uuidString: text) else { throw ManilaFault.notFound(text) }
        let lane = lane(of: id)
        let (state, details) = try await read(context, isOfOne: true) { connection in
            (
                try Self.state(of: id, lane: lane, at: at, connection),
                try connection.fetchOptional(Queries.Servers.fetchDetails(lane: lane, serverId: id, at: at))
            )
        }
        guard let state, state.isPresent else { throw ManilaFault.notFound(text) }
        let shown = JSON(details?.details)
        return (state, shown == .null ? .object([:]) : shown)
    }
}

/// The filters of Manila's list; what it does not know is passed over.
private struct ManilaFilter: Sendable {
    var filter = ServerFilter()
    private var others: [(name: String, value: String)] = []

    init(_ request: Request) throws(ManilaFault) {
        for (name, value) in request.uri.queryParameters {
            let value = String(value)
            guard !value.utf8.contains(0) else {
                throw ManilaFault(.badRequest, "Filter \(name) holds a NUL character.")
            }
            switch name {
            case "status": filter.status = value
            case "host": filter.host = value
            case "project_id": filter.projectID = value
            case "share_network_id": filter.shareNetworkID = value
            case "id", "identifier", "share_network_name", "share_network", "share_network_subnet_id",
                "source_share_server_id":
                others.append((String(name), value))
            default: continue
            }
        }
    }

    func accepts(_ state: ServerState) -> Bool {
        others.allSatisfy { name, value in
            switch name {
            case "id": state.key.id.text == value
            case "share_network":
                state.attributes["share_network_name"]?.string == value
                    || state.attributes["share_network_id"]?.string == value
            case "share_network_subnet_id":
                (state.attributes["share_network_subnet_ids"]?.array ?? []).contains(.string(value))
            default: state.attributes[name]?.string == value
            }
        }
    }
}

extension ServerState {
    /// Whether Manila would show it.
    fileprivate var isPresent: Bool { status != nil && status != "absent" }

    /// A share server as Manila's list has it at a version.
    ///
    /// Source: Manila 23, `api/views/share_servers.py`.
    fileprivate func manila(_ version: Microversion) -> JSON {
        var server: [String: JSON] = [
            "id": .string(key.id.text), "project_id": value("project_id"), "updated_at": time("updated_at"),
            "status": status.map { .string($0) } ?? .null, "host": value("host"),
            "share_network_name": value("share_network_name"), "share_network_id": value("share_network_id"),
        ]
        let subnets = attributes["share_network_subnet_ids"]?.array ?? []
        let since: [(minor: Int, name: String, value: JSON)] = [
            (49, "is_auto_deletable", value("is_auto_deletable")), (49, "identifier", value("identifier")),
            (57, "task_state", value("task_state")), (57, "source_share_server_id", value("source_share_server_id")),
            (63, "security_service_update_support", value("security_service_update_support")),
            (70, "network_allocation_update_support", value("network_allocation_update_support")),
            (70, "share_network_subnet_ids", .array(subnets)),
            (90, "encryption_key_ref", value("encryption_key_ref")),
        ]
        for field in since where version >= Microversion(2, field.minor) { server[field.name] = field.value }
        if (51...69).contains(version.minor) { server["share_network_subnet_id"] = subnets.first ?? .null }
        return .object(server)
    }

    private func value(_ name: String) -> JSON { attributes[name] ?? .null }

    /// A time as Manila writes it: UTC without saying so, with a fraction where there is one.
    fileprivate func time(_ name: String) -> JSON {
        guard let text = attributes[name]?.string, let time = Timestamp(manila: text) else { return .null }
        var written = String(time.description.dropLast())
        if written.hasSuffix(".000000") { written.removeLast(7) }
        return .string(written)
    }
}
