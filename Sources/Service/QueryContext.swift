public import Hummingbird
import NIOCore
import ShareServers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What belongs to one request: where it came from, and who asks.
public struct QueryContext: RequestContext {
    public var coreContext: CoreRequestContextStorage
    /// The address of the other end; nil where there is none.
    let remoteAddress: String?
    /// What requests of one place are told by: an address, of IPv6 the network of 64 bits.
    let origin: String
    /// As its answer and its lines in the process's log have it.
    var requestID: String?
    /// Who was let in; nobody before that, who is shown nothing.
    var asker = Asker(identity: .anyone, roles: [], projects: [])

    public init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        let address = source.channel.remoteAddress
        remoteAddress = address?.ipAddress
        origin = Self.origin(of: address)
    }

    /// Source: RFC 6177: a site has a network of 64 bits at least; RFC 4291, section 2.5.5.2: addresses of IPv4 in IPv6.
    private static func origin(of address: SocketAddress?) -> String {
        guard let address, let text = address.ipAddress else { return "unknown" }
        var bytes = [UInt8](repeating: 0, count: 16)
        let isSix = bytes.withUnsafeMutableBytes { inet_pton(AF_INET6, text, $0.baseAddress) } == 1
        guard isSix else { return text }
        let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        return isMapped ? text : bytes.prefix(8).hexadecimal
    }
}
