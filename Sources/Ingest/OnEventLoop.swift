import HummingbirdCore
import Logging
import NIOCore

/// Connections whose requests are answered on the event loop that they come in on, as far as nothing else is asked for:
/// what would wait for a thread of Swift's pool at each step goes on at once instead.
///
/// Source: measured; to wake a sleeping thread takes as long as most of what a gateway does for a call, and it was eight
/// times for a recorded read.
struct OnEventLoop<Base: ServerChildChannel>: ServerChildChannel {
    let base: Base

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Base.Value> {
        base.setup(channel: channel, logger: logger)
    }

    func handle(value: Base.Value, logger: Logger) async {
        await withTaskExecutorPreference(EventLoopExecutor(loop: value.channel.eventLoop)) {
            await base.handle(value: value, logger: logger)
        }
    }
}

/// Runs tasks on an event loop. What takes long has no place there: all connections of the loop wait for it.
private final class EventLoopExecutor: TaskExecutor {
    let loop: any EventLoop

    init(loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
