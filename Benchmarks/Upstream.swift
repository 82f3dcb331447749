import Foundation
import Hummingbird
import Logging
import NIOCore

/// A small, quick server that answers as a manila-api does, in this process: what a gateway adds stands out against it.
enum Upstream {
    static let server = "8c041935-231e-405a-a0d2-d5b0acdceb46"

    /// Runs `body` with the URL of one that runs meanwhile.
    static func with<Output: Sendable>(
        _ body: @escaping @Sendable (_ url: String) async throws -> Output
    ) async throws -> Output {
        let (bound, binding) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            router: router(), configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { binding.yield($0.localAddress?.port ?? 0) },
            logger: Logger(label: "upstream", factory: { _ in SwiftLogNoOpLogHandler() }))
        return try await withThrowingTaskGroup(of: Output?.self) { group in
            group.addTask {
                try await application.run()
                return nil
            }
            group.addTask {
                for await port in bound { return try await body("http://127.0.0.1:\(port)") }
                return nil
            }
            defer { group.cancelAll() }
            guard let output = try await group.next() ?? nil else { throw BenchmarkFault("the upstream ended") }
            return output
        }
    }

    private static func router() -> Router<BasicRequestContext> {
        // As a Manila 23 shows a server at microversion 2.99.
        let shown = ByteBuffer(
            string: """
                {"share_server": {"id": "\(server)", "project_id": "5082bb060a284fc895e6bf567a48f40f", "updated_at": \
                "2026-11-23T09:55:25.246654", "status": "active", "host": "lab@alpha", "share_network_name": "n1", \
                "share_network_id": "92f508a3-27c1-454b-8573-0e36ca481975", "created_at": "2026-11-23T09:55:17.045922", \
                "backend_details": {"ip": "10.11.0.10", "service_ip": "10.21.0.10", "primary_public_ip": "10.11.0.10", \
                "username": "fake_username", "server_id": "\(server)"}, "is_auto_deletable": true, "identifier": \
                "\(server)", "task_state": null, "source_share_server_id": null, "security_service_update_support": \
                false, "share_network_subnet_ids": ["55c4bd1b-2dc0-4bd9-b6b1-f2f1c9d7b1d3"], \
                "network_allocation_update_support": false, "encryption_key_ref": null}}
                """)
        let router = Router()
        router.get("/v2/limits") { _, _ in answer(.ok, ByteBuffer(string: #"{"limits": {"rate": []}}"#)) }
        router.get("/v2/share-servers/:id") { _, _ in answer(.ok, shown) }
        router.post("/v2/share-servers/:id/action") { request, _ in
            _ = try await request.body.collect(upTo: 1 << 20)
            return answer(.accepted, ByteBuffer())
        }
        return router
    }

    private static func answer(_ status: HTTPResponse.Status, _ body: ByteBuffer) -> Response {
        let headers: HTTPFields = [
            .contentType: "application/json",
            .init("X-Openstack-Request-Id")!: "req-\(UUID().uuidString.lowercased())",
        ]
        return Response(status: status, headers: headers, body: .init(byteBuffer: body))
    }
}
