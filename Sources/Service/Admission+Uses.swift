import Ingest
import Postgres
import Queries
public import ServiceLifecycle

extension Admission {
    /// Notes in the database when tokens were last used, as far as that is not noted; what cannot be noted now is later.
    func noteUses() async {
        let noting = uses
        uses = [:]
        guard !noting.isEmpty else { return }
        let (ids, times) = (Array(noting.keys), Array(noting.values))
        do {
            try await pool.execute(Queries.Access.appendUses(tokenIds: ids, usedAt: times))
        } catch {
            uses.merge(noting) { newer, _ in newer }
        }
    }

    /// In the text format of Prometheus.
    func metrics() -> String {
        var exposition = Exposition()
        exposition.add(
            "dossier_api_refused_total", .counter, "Requests that were not let in, by why.",
            refused.sorted { $0.key.rawValue < $1.key.rawValue }.map { .init($0.value, [("reason", $0.key.rawValue)]) })
        exposition.add(
            "dossier_api_under_way", .gauge, "Requests with tokens that are being answered.",
            [.init(underWay.values.reduce(0, +))])
        return exposition.text
    }

    /// Disconnects; for whoever did not run it.
    public func close() async { await pool.close() }
}

extension Admission: Service {
    /// Notes uses until the task is cancelled or a graceful shutdown begins, and once more then; disconnects.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: Self.noting)
                if !Task.isCancelled { await self.noteUses() }
            }
        }
        await noteUses()
        await close()
    }
}
