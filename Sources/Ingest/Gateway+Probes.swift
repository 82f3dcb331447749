import HTTPTypes
public import Hummingbird
import HummingbirdCore
import NIOCore

extension Gateway {
    /// What operators probe: `/healthz`, `/readyz` and `/metrics`.
    public func probes() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/healthz") { _, _ in Self.json(.ok, #"{"status":"ok"}"#) }
        router.get("/readyz") { _, _ in await readiness() }
        router.get("/metrics") { _, _ in
            let text = tally.metrics + (await claim.metrics()) + (await recorder.metrics())
            return Response(
                status: .ok, headers: [.contentType: Exposition.contentType],
                body: .init(byteBuffer: ByteBuffer(string: text)))
        }
        return router
    }

    /// 200 while calls can be recorded, be it in the spool; 503 where changing ones are refused, or another gateway
    /// records as the same source.
    func readiness() async -> Response {
        guard await claim.state != .taken else {
            return Self.json(.serviceUnavailable, #"{"status":"source taken by another gateway"}"#)
        }
        switch await recorder.status().destination {
        case .log: return Self.json(.ok, #"{"recording":"log","status":"ready"}"#)
        case .spool: return Self.json(.ok, #"{"recording":"spool","status":"ready"}"#)
        case .nowhere: return Self.json(.serviceUnavailable, #"{"recording":"nowhere","status":"full"}"#)
        }
    }

    private static func json(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}
