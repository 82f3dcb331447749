import NIOCore
import NIOPosix

/// The service manager that may have started this process.
enum Systemd {
    /// Tells it that the process does its work now, where it waits for that (`Type=notify`).
    ///
    /// What cannot be told is not: the manager's patience ends by itself. Sockets without a path are left out.
    ///
    /// Source: systemd, `sd_notify(3)`.
    static func notifyReady(_ environment: [String: String]) async {
        guard let path = environment["NOTIFY_SOCKET"], path.hasPrefix("/"),
            let address = try? SocketAddress(unixDomainSocketPath: path),
            let channel = try? await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(to: address).get()
        else { return }
        let message = AddressedEnvelope(remoteAddress: address, data: ByteBuffer(string: "READY=1\n"))
        try? await channel.writeAndFlush(message)
        try? await channel.close()
    }
}
