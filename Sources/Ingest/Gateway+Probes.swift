public import Hummingbird
import HummingbirdCore
import ShareServers

extension Gateway {
    /// What operators probe: `/healthz`, `/readyz` and `/metrics`.
    public func probes() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/healthz") { _, _ in Response(.ok, ["status": "ok"]) }
        router.get("/readyz") { _, _ in await readiness() }
        router.get("/metrics") { _, _ in
            Response(exposition: tally.metrics + (await claim.metrics()) + (await recorder.metrics()))
        }
        return router
    }

    /// 200 while calls can be recorded, be it in the spool; 503 where changing ones are refused, or another gateway
    /// records as the same source.
    func readiness() async -> Response {
        guard await claim.state != .taken else {
            return Response(.serviceUnavailable, ["status": "source taken by another gateway"])
        }
        switch await recorder.status().destination {
        case .log: return Response(.ok, ["recording": "log", "status": "ready"])
        case .spool: return Response(.ok, ["recording": "spool", "status": "ready"])
        case .nowhere: return Response(.serviceUnavailable, ["recording": "nowhere", "status": "full"])
        }
    }
}
