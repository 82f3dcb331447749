import HTTPTypes
import Hummingbird
import NIOCore
import ShareServers

/// What operators probe is answered with.
extension Response {
    init(_ status: HTTPResponse.Status, _ value: JSON) {
        self.init(
            status: status, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(bytes: value.canonical())))
    }

    /// Figures for Prometheus.
    init(exposition: String) {
        self.init(
            status: .ok, headers: [.contentType: Exposition.contentType],
            body: .init(byteBuffer: ByteBuffer(string: exposition)))
    }
}
