import HeapModule
import ShareServers

/// Exchanges that are held back until what an archive has out of order has come in.
///
/// Source: HAR 1.2, section 3.1: entries should be sorted by their beginning, and readers must cope with others.
struct Window: Sendable {
    /// An exchange, and where it stands in the archive.
    struct Held: Comparable, Sendable {
        let reading: Reading
        let element: Slab.Element

        static func < (left: Held, right: Held) -> Bool {
            (left.reading.call.time, left.element.number) < (right.reading.call.time, right.element.number)
        }
        static func == (left: Held, right: Held) -> Bool { left.element.number == right.element.number }

        /// About as many bytes as it takes: what the archive had of it, and what was made of each server.
        var bytes: Int { element.range.count + reading.servers.count * 2048 }
    }

    /// The most that is held back. An archive that is smaller is sorted as a whole.
    static let bytes = 32 << 20

    private var heap = Heap<Held>()
    private(set) var bytes = 0

    mutating func insert(_ held: Held) {
        bytes += held.bytes
        heap.insert(held)
    }

    /// Takes out the earliest exchanges until no more than `limit` bytes are held back, one batch of them at a time:
    /// nothing where that is so.
    mutating func popBatch(downTo limit: Int) -> [Held] {
        // A batch is about as much as a slab.
        var batch: [Held] = []
        var size = 0
        while bytes > limit, size < InputFile.chunkBytes, batch.count < 1000, let held = heap.popMin() {
            batch.append(held)
            bytes -= held.bytes
            size += held.bytes
        }
        return batch
    }
}
