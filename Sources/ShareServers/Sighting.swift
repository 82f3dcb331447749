import FoundationEssentials
public import Postgres

/// What one answer says of one server.
struct Sighting: Sendable {
    let server: UUID
    let time: Timestamp
    /// What it says was so at some moment from here on, `time` at the latest; nil: at `time`.
    var asked: Timestamp?
    /// Under the names of Dossier; only those that the answer has.
    var members: [Member: JSON]
    var updatedAt: JSON?
    var details: JSON?
    /// Whether `share_network_subnet_ids` is but the first of what may be more.
    var hasFirstSubnetOnly = false

    /// What is compared from one sighting to the next.
    enum Member: Int, Sendable, CaseIterable {
        case status
        case taskState
        case host
        case projectID
        case shareNetworkID
        case shareNetworkName
        case shareNetworkSubnetIDs
        case identifier
        case isAutoDeletable
        case sourceShareServerID
        case createdAt
        case securityServiceUpdateSupport
        case networkAllocationUpdateSupport
        case encryptionKeyRef

        var name: String { Self.names[rawValue] }

        private static let names = [
            "status", "task_state", "host", "project_id", "share_network_id", "share_network_name",
            "share_network_subnet_ids", "identifier", "is_auto_deletable", "source_share_server_id", "created_at",
            "security_service_update_support", "network_allocation_update_support", "encryption_key_ref",
        ]
    }

    func data(without uncertain: Member?) -> [String: JSON] {
        var data: [String: JSON] = [:]
        for (member, value) in members where member != uncertain { data[member.name] = value }
        data["updated_at"] = updatedAt
        return data
    }
}

// MARK: - Reading a share server

extension Sighting {
    /// Reads a `share_server` of any microversion; nil without an id and a status. Other members that are not of the
    /// type that Manila gives them, or too long for it, are passed over.
    init?(server value: JSON, time: Timestamp) {
        guard case .object(let fields) = value, case .string(let id)? = fields["id"], let server = UUID(server: id),
            case .string(let status)? = fields["status"], !status.isEmpty, let known = Self.scalar(.string(status))
        else { return nil }
        self.server = server
        self.time = time
        members = [.status: known]
        let texts: [Member] = [
            .taskState, .host, .projectID, .shareNetworkID, .shareNetworkName, .identifier, .sourceShareServerID,
            .encryptionKeyRef,
        ]
        for member in texts { members[member] = fields[member.name].flatMap(Self.scalar) }
        // Once its network is gone, Manila has "" for the project of a server. It is still that project's.
        for member in [Member.projectID, .host] where members[member] == "" { members[member] = nil }
        for member in [Member.isAutoDeletable, .securityServiceUpdateSupport, .networkAllocationUpdateSupport] {
            if case .bool? = fields[member.name] { members[member] = fields[member.name] }
        }
        members[.createdAt] = fields[Member.createdAt.name].flatMap(Self.time)
        updatedAt = fields["updated_at"].flatMap(Self.time)
        if case .object? = fields["backend_details"] { details = fields["backend_details"] }
        readSubnets(fields)
    }

    /// A list since 2.70; from 2.51 to 2.69 one id, the first of the same list.
    /// Source: Manila, `api/views/share_servers.py`.
    private mutating func readSubnets(_ fields: [String: JSON]) {
        if case .array(let subnets)? = fields["share_network_subnet_ids"] {
            var ids: [String] = []
            for case .string(let id) in subnets { ids.append(id) }
            let value = JSON.array(ids.sorted().map { .string($0) })
            guard ids.count == subnets.count, value.canonical().count <= 32_768 else { return }
            members[.shareNetworkSubnetIDs] = value
        } else if let subnet = fields["share_network_subnet_id"].flatMap(Self.scalar) {
            members[.shareNetworkSubnetIDs] = subnet == .null ? [] : [subnet]
            hasFirstSubnetOnly = subnet != .null
        }
    }

    /// A string of at most 2,048 bytes, or null. Manila's columns hold 255 characters.
    static func scalar(_ value: JSON) -> JSON? {
        switch value {
        case .null: value
        case .string(let text) where text.utf8.count <= 2048 && text.clipped(bytes: 2048) == text: value
        default: nil
        }
    }

    static func time(_ value: JSON) -> JSON? {
        guard case .string(let text) = value else { return value == .null ? value : nil }
        guard let time = Timestamp(manila: text) else { return nil }
        return .string(time.description)
    }
}

// MARK: - Out of the log

extension Sighting {
    /// A sighting as a `status` event tells of it: what is not of the form that an event has is passed over.
    init(_ noted: Noted) {
        server = noted.server
        time = noted.time
        members = [:]
        for member in Member.allCases { members[member] = noted.data[member.name] }
        if members[.status]?.string == nil { members[.status] = nil }
    }
}

extension Timestamp {
    /// Reads a time as Manila writes it, in UTC without saying so, with a fraction or without one; or RFC 3339.
    public init?(manila text: String) {
        guard let time = Timestamp(text) ?? Timestamp(text + "Z") else { return nil }
        self = time
    }
}
