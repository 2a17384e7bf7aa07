/// A file, or a folder: what is on the disk, and what has been changed since without a sync.
struct DiskNode {
    var isFolder = false
    var synced: [UInt8] = []
    var pending: [Change] = []

    enum Change {
        case write(offset: Int, bytes: [UInt8])
        /// A write of which a failed sync has made uncertain whether it will ever reach the disk: the operating system
        /// takes such pages for clean, so that a later sync that succeeds says nothing about them.
        case doubtful(offset: Int, bytes: [UInt8])
        case truncate(Int)
    }

    /// What a failed sync makes doubtful, and a new write makes certain again.
    static let pageSize = 4_096

    /// All but the doubtful reaches the disk; of that, the pages that have been written again since.
    mutating func sync() {
        var rest: [Change] = []
        for (index, change) in pending.enumerated() {
            if case .doubtful(let offset, let bytes) = change, !isWrittenAgain(offset, bytes.count, after: index) {
                rest.append(change)
            } else {
                synced.apply(change)
            }
        }
        pending = rest
    }

    private func isWrittenAgain(_ offset: Int, _ count: Int, after index: Int) -> Bool {
        let page = offset / Self.pageSize
        return pending[(index + 1)...].contains { later in
            guard case .write(let offset, let bytes) = later else { return false }
            return offset / Self.pageSize <= page && page <= (offset + bytes.count - 1) / Self.pageSize
        }
    }

    /// A sync has failed: what was waiting for it may stay where it is for ever.
    mutating func doubt() {
        pending = pending.flatMap { change -> [Change] in
            guard case .write(let offset, let bytes) = change else { return [change] }
            return bytes.pieces(at: offset, of: Self.pageSize).map { .doubtful(offset: $0.offset, bytes: $0.bytes) }
        }
    }
}

extension [UInt8] {
    /// The bytes cut where multiples of `size` fall, for bytes that begin at `offset`.
    func pieces(at offset: Int, of size: Int) -> [(offset: Int, bytes: [UInt8])] {
        var pieces: [(offset: Int, bytes: [UInt8])] = []
        var start = 0
        while start < count {
            let length = Swift.min(count - start, size - (offset + start) % size)
            pieces.append((offset + start, Array(self[start..<start + length])))
            start += length
        }
        return pieces
    }

    mutating func apply(_ change: DiskNode.Change) {
        switch change {
        case .truncate(let size):
            if size < count { removeLast(count - size) }
        case .write(let offset, let bytes), .doubtful(let offset, let bytes):
            if offset > count { append(contentsOf: repeatElement(0, count: offset - count)) }
            let overlap = Swift.min(bytes.count, count - offset)
            replaceSubrange(offset..<offset + overlap, with: bytes[..<overlap])
            append(contentsOf: bytes[overlap...])
        }
    }
}
