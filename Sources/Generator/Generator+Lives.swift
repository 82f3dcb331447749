/// What happens to servers.
///
/// Source of the transitions: Manila's, as its API reference and `share_manager.py` have them. Source of the shares:
/// chosen, so that everything that a share server can meet is met within a few thousand events.
extension Generator {
    /// A server is created for a share, of which no call of this API tells, or is taken under management.
    mutating func beBorn() {
        guard present < fleet.servers else { return }
        let isManaged = random.chance(25)
        let index = place(
            status: isManaged ? .manageStarting : .creating, host: random.below(fleet.hosts), project: skewedProject(),
            identifier: nil, source: nil)
        if isManaged {
            call(index, .manage, httpStatus: 202)
            settle(index, in: 20 * Span.second, random.chance(isBad(index) ? 50 : 8) ? .manageError : .active)
        } else {
            settle(index, in: 45 * Span.second, random.chance(isBad(index) ? 60 : 3) ? .error : .active)
        }
    }

    /// A server comes to a status, and what follows from that is planned.
    mutating func settle(_ index: Int, _ status: Status) {
        change(index, to: status)
        switch status {
        case .absent:
            present -= 1
            schedule(.birth, in: random.pause(mean: Span.hour))
        case .deleting:
            settle(index, in: 15 * Span.second, .absent)
        case .active:
            plan(.act(index, life: servers[index].life), mean: betweenActs)
        case .error, .manageError, .unmanageError, .inactive:
            plan(.act(index, life: servers[index].life), mean: 30 * Span.minute)
        default:
            break
        }
    }

    mutating func act(_ index: Int) {
        switch servers[index].status {
        case .active: actOnActive(index)
        case .error, .manageError, .unmanageError: actOnFailed(index)
        case .inactive: delete(index)
        default: break
        }
    }

    private mutating func actOnActive(_ index: Int) {
        switch random.below(100) {
        case 0..<30: beginMigration(index)
        case 30..<50:
            change(index, to: .networkChange)
            settle(index, in: 20 * Span.second, random.chance(5) ? .error : .active)
        case 50..<65:
            if random.chance(40) {
                refuse(index, .delete, 409, "Share server \(servers[index].id) is in use.")
            } else {
                delete(index)
            }
        case 65..<78: unmanage(index)
        default: settle(index, isBad(index) || random.chance(60) ? .error : .active)
        }
    }

    private mutating func actOnFailed(_ index: Int) {
        switch random.below(100) {
        case 0..<50:
            call(index, .resetStatus, httpStatus: 202)
            settle(index, .active)
        case 50..<75: delete(index)
        case 75..<85: settle(index, .active)
        default: refuse(index, .migrationStart, 400, "Share server \(servers[index].id) is not active.")
        }
    }

    private mutating func refuse(_ index: Int, _ operation: Operation, _ httpStatus: Int, _ message: String) {
        call(index, operation, httpStatus: httpStatus, fault: message)
        plan(.act(index, life: servers[index].life), mean: betweenActs)
    }

    private mutating func delete(_ index: Int) {
        call(index, .delete, httpStatus: 202)
        change(index, to: .deleting)
        settle(index, in: 15 * Span.second, random.chance(3) ? .error : .absent)
    }

    /// Half of what is unmanaged is managed again, as a new server that keeps the former id as its identifier.
    private mutating func unmanage(_ index: Int) {
        call(index, .unmanage, httpStatus: 202)
        change(index, to: .unmanageStarting)
        settle(index, in: 10 * Span.second, random.chance(5) ? .unmanageError : .absent)
        guard random.chance(50) else { return }
        let former = servers[index]
        let again = place(
            status: .manageStarting, host: former.host, project: former.project, identifier: former.id, source: nil)
        call(again, .manage, httpStatus: 202)
        settle(again, in: 20 * Span.second, .active)
    }

    private mutating func beginMigration(_ index: Int) {
        call(index, .migrationStart, httpStatus: 202)
        change(index, to: .serverMigrating, taskState: "migration_in_progress")
        let source = servers[index]
        let host = (source.host + 1 + random.below(Swift.max(fleet.hosts - 1, 1))) % fleet.hosts
        let destination = place(
            status: .serverMigratingTo, host: host, project: source.project, identifier: nil, source: source.id)
        plan(.endMigration(source: index, life: source.life, destination: destination), mean: 10 * Span.minute)
    }

    mutating func endMigration(_ source: Int, _ destination: Int) {
        switch random.below(100) {
        case 0..<70:
            call(source, .migrationComplete, httpStatus: 200, destination: servers[destination].id)
            servers[destination].source = nil
            settle(destination, .active)
            change(source, to: .inactive, taskState: "migration_success")
            settle(source, in: 5 * Span.second, .deleting)
        case 70..<90:
            call(source, .migrationCancel, httpStatus: 202)
            servers[source].taskState = "migration_cancelled"
            settle(source, .active)
            settle(destination, .inactive)
        default:
            servers[source].taskState = "migration_error"
            settle(source, .active)
            change(destination, to: .error)
            settle(destination, in: Span.minute, .absent)
        }
    }

    /// For an hour, about, a host breaks what is asked of it; a third of what it has breaks at once.
    mutating func beginBadHour() {
        let host = random.below(fleet.hosts)
        badUntil[host] = now + random.pause(mean: Span.hour)
        for index in servers.indices where servers[index].host == host && servers[index].status == .active {
            if random.chance(33) { settle(index, .error) }
        }
    }

    private func isBad(_ index: Int) -> Bool { badUntil[servers[index].host] > now }

    // MARK: Servers

    /// A few projects have most of the servers.
    private mutating func skewedProject() -> Int {
        Swift.min(random.below(fleet.projects), random.below(fleet.projects))
    }

    private mutating func place(
        status: Status, host: Int, project: Int, identifier: String?, source: String?
    ) -> Int {
        present += 1
        let id = random.uuid()
        var server = Server(
            id: id, host: host, project: project, network: random.uuid(), status: status, identifier: identifier ?? id,
            source: source, createdAt: now, updatedAt: now)
        let index: Int
        if let vacated = vacant.popLast() {
            index = vacated
            server.life = servers[index].life + 1
            servers[index] = server
        } else {
            index = servers.count
            servers.append(server)
        }
        untold.insert(index)
        return index
    }

    private mutating func change(_ index: Int, to status: Status, taskState: String? = nil) {
        servers[index].status = status
        servers[index].taskState = taskState ?? servers[index].taskState
        servers[index].updatedAt = now
        servers[index].life += 1
        untold.insert(index)
    }

    private mutating func settle(_ index: Int, in mean: Int64, _ status: Status) {
        plan(.settle(index, life: servers[index].life, status), mean: mean)
    }

    private mutating func plan(_ what: What, mean: Int64) { schedule(what, in: random.pause(mean: mean)) }
}
