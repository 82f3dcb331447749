import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import ShareServers

/// Answers what is no HTTP request with a problem that says what is wrong, and closes the connection behind it.
final class UnreadableRequest: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// How long its sender has to read the answer before the connection is gone: what it goes on sending would reset it.
    ///
    /// Source: RFC 9112, section 9.6.
    private static let linger = TimeAmount.seconds(2)

    /// Requests that are not answered yet: no answer of ours may come into theirs.
    private var answersOwed = 0
    private var isEnding = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isEnding else { return }
        if case .head = unwrapInboundIn(data) { answersOwed += 1 }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { answersOwed -= 1 }
        context.write(data, promise: promise)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError, answersOwed == 0, !isEnding else {
            return context.fireErrorCaught(error)
        }
        isEnding = true
        // Source: RFC 6585, section 5.
        let problem =
            error == .headerOverflow
            ? Problem(
                .requestHeaderFieldsTooLarge,
                "the request line and headers have at most 80 KiB and 1,000 fields; send less")
            : Problem(.badRequest, "this is no request of HTTP/1.1: \(error)")
        let body = JSON.object(problem.json).canonical()
        var head = HTTPResponse(status: problem.status)
        head.headerFields[.contentType] = "application/problem+json"
        head.headerFields[.contentLength] = "\(body.count)"
        head.headerFields[.connection] = "close"
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.linger) { channel.close(promise: nil) }
    }
}
