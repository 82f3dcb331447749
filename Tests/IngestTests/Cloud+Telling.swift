import Ingest
import Postgres
import ShareServers

/// What tests tell a cloud to be, and ask of it.
extension Cloud {
    func set(_ fault: Fault?, for path: String) { faults[path] = fault }
    func revokeAll() { tokens = [:] }
    func set(revocations: [JSON]) { self.revocations = revocations }
    func set(tokenLife: Duration) { self.tokenLife = tokenLife }
    func set(newest: String) { self.newest = newest }
    func set(needsToken: Bool) { self.needsToken = needsToken }
    func set(servers: [[String: JSON]]) { self.servers = servers }
    func hide(_ id: String) {
        guard let index = servers.firstIndex(where: { $0["id"] == .string(id) }) else { return }
        hidden[id] = servers.remove(at: index)
    }
    func remove(_ id: String) { servers.removeAll { $0["id"] == .string(id) } }
    func set(_ status: String, of id: String) {
        guard let index = servers.firstIndex(where: { $0["id"] == .string(id) }) else { return }
        servers[index]["status"] = .string(status)
    }
    func set(details: JSON, of id: String) { self.details[id] = details }

    /// A token of somebody else, as Keystone answers for it.
    func admit(
        _ token: String, user: String, expiresAt: Timestamp, project: String? = "5082bb060a284fc895e6bf567a48f40f"
    ) {
        let scope = project.map {
            #""project": {"domain": {"id": "default", "name": "Default"}, "id": "\#($0)", "name": "p"}, "#
        }
        strangers[token] = """
            {"token": {"methods": ["password"], "user": {"domain": {"id": "default", "name": "Default"}, \
            "id": "\(user)-id", "name": "\(user)", "password_expires_at": null}, "audit_ids": ["x", "y"], \
            "expires_at": "\(expiresAt)", "issued_at": "2026-11-23T09:55:14.000000Z", \(scope ?? "")\
            "is_domain": false, "roles": [{"id": "1", "name": "admin"}, {"id": "2", "name": "member"}]}}
            """
    }
    func dismiss(_ token: String) { strangers[token] = nil }

    func count(_ method: String, _ path: String) -> Int {
        requests.count { $0.method == method && $0.path == path }
    }

    func keystone(
        password: String = "s3cret", patience: Duration = .seconds(5), memory: Duration = .seconds(60)
    ) -> Keystone {
        let credentials = KeystoneCredentials.password(
            user: .name("dossier", domain: .name("Default", domain: nil)), password: password,
            scope: .project(.name("service", domain: .id("default"))))
        return Keystone(
            url: url, credentials: credentials, redaction: Self.redaction, http: http, patience: patience,
            memory: memory)
    }
}
