import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A serial executor that owns one thread of the operating system, so that libpq's blocking calls never hold up a
/// thread of Swift's cooperative pool.
///
/// It is no task executor: a job that is run as on one is put off at every step within its own actor, and others come
/// in between. Source: `mustSwitchToRun` in Swift's runtime, which compares task executors too.
final class ConnectionThread: SerialExecutor {
    private struct Queue: Sendable {
        var jobs: [UnownedJob] = []
        var isStopping = false
    }
    private let queue = Mutex(Queue())
    private let wake = Semaphore()

    init() {
        Self.detach { [self] in loop() }
    }

    /// Runs `body` on a thread of its own.
    static func detach(_ body: @escaping @Sendable () -> Void) {
        final class Box {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        let box = Unmanaged.passRetained(Box(body)).toOpaque()
        #if canImport(Darwin)
            var thread: pthread_t?
            let failed = pthread_create(
                &thread, nil,
                {
                    Unmanaged<Box>.fromOpaque($0).takeRetainedValue().body()
                    return nil
                }, box)
            precondition(failed == 0, "no thread for a connection: error \(failed)")
            if let thread { pthread_detach(thread) }
        #else
            var thread = pthread_t()
            let failed = pthread_create(
                &thread, nil,
                { box in
                    Unmanaged<Box>.fromOpaque(box!).takeRetainedValue().body()
                    return nil
                }, box)
            precondition(failed == 0, "no thread for a connection: error \(failed)")
            pthread_detach(thread)
        #endif
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.withLock { $0.jobs.append(job) }
        wake.signal()
    }

    /// Ends the thread once nothing is queued. Nothing may be enqueued afterwards.
    func stop() {
        queue.withLock { $0.isStopping = true }
        wake.signal()
    }

    private func loop() {
        while true {
            wake.wait()
            let (jobs, isStopping) = queue.withLock { queue in
                defer { queue.jobs = [] }
                return (queue.jobs, queue.isStopping)
            }
            for job in jobs {
                job.runSynchronously(on: asUnownedSerialExecutor())
            }
            if jobs.isEmpty, isStopping { return }
        }
    }
}

/// A counting semaphore of the operating system.
final class Semaphore: Sendable {
    /// A pointer that is set once and freed when nobody can use it any more; the functions on it are thread-safe.
    private nonisolated(unsafe) let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func signal() { sem_post(semaphore) }

    func wait() {
        while sem_wait(semaphore) != 0 {}
    }
}
