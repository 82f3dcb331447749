import NIOPosix

/// A serial executor on a thread of its own, so that files are written and synced away from the cooperative pool.
///
/// One for the process, which has one spool.
final class DiskThread: SerialExecutor {
    static let shared = DiskThread()

    private let pool = NIOThreadPool(numberOfThreads: 1)

    private init() { pool.start() }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pool.submit { [self] _ in job.runSynchronously(on: asUnownedSerialExecutor()) }
    }
}
