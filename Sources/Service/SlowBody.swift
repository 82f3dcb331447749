import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Cuts off a request whose body comes in too slowly: whoever reads it is told by `SlowBody.Cut`, and the connection is
/// closed behind the answer. A connection whose next head is not there in time is closed, however much of it has come.
///
/// Only the time counts in which more of the body is asked for: where the log is slow, its client is not.
final class SlowBody: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// What a body was waited for that did not come.
    struct Cut: Error {
        let waited: TimeAmount
    }

    private let pause: TimeAmount
    private let whole: TimeAmount
    private let head: TimeAmount

    private var isReading = false
    /// Since when more is asked for; nil while nobody asks.
    private var askedSince: NIODeadline?
    /// How long was waited for what has come of the body under way.
    private var waited = TimeAmount.zero
    private var alarm: Scheduled<Void>?
    private var isCut = false
    private var answersOwed = 0
    private var headAlarm: Scheduled<Void>?

    /// - Parameters:
    ///   - pause: The longest in which nothing may come.
    ///   - whole: The longest that is waited for one body in all.
    ///   - head: The longest from one answer to the head of the next request.
    init(pause: Duration, whole: Duration, head: TimeAmount) {
        self.pause = TimeAmount(pause)
        self.whole = TimeAmount(whole)
        self.head = head
    }

    func handlerAdded(context: ChannelHandlerContext) { awaitHead(context) }

    private func awaitHead(_ context: ChannelHandlerContext) {
        headAlarm?.cancel()
        let channel = context.channel
        headAlarm = context.eventLoop.scheduleTask(in: head) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isCut else { return }
        switch unwrapInboundIn(data) {
        case .head:
            isReading = true
            answersOwed += 1
            headAlarm?.cancel()
            waited = .zero
            if alarm == nil { setAlarm(in: pause, context) }
        case .body:
            if let askedSince { waited = waited + (context.eventLoop.now - askedSince) }
        case .end: isReading = false
        }
        askedSince = nil
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        if askedSince == nil { askedSince = context.eventLoop.now }
        context.read()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        answersOwed -= 1
        context.write(data, promise: promise)
        if isCut, answersOwed == 0 {
            context.flush()
            context.close(promise: nil)
        } else if answersOwed == 0 {
            awaitHead(context)
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) { endAlarms() }

    private func endAlarms() {
        alarm?.cancel()
        headAlarm?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        endAlarms()
        context.fireChannelInactive()
    }

    private func setAlarm(in time: TimeAmount, _ context: ChannelHandlerContext) {
        alarm = context.eventLoop.assumeIsolated().scheduleTask(in: time) { self.look(context) }
    }

    private func look(_ context: ChannelHandlerContext) {
        alarm = nil
        // The next head sets it again.
        guard isReading else { return }
        guard let askedSince else { return setAlarm(in: pause, context) }
        let now = context.eventLoop.now
        let left = min(askedSince + pause - now, askedSince + (whole - waited) - now)
        guard left <= .zero else { return setAlarm(in: left, context) }
        isCut = true
        context.fireErrorCaught(Cut(waited: now - askedSince >= pause ? pause : whole))
        if answersOwed == 0 { context.close(promise: nil) }
    }
}
