import Serial

/// Bytes on their way to a board, in order and bounded: a port that takes nothing costs 64 KiB and nobody's time.
struct OutputQueue {
    static let byteCountMax = 65_536

    private var bytes: [UInt8] = []
    private var sent = 0

    var isEmpty: Bool { sent == bytes.count }
    var count: Int { bytes.count - sent }

    /// Adds all of `more`, or nothing if that would be too much. False if refused.
    mutating func append(_ more: [UInt8]) -> Bool {
        guard count + more.count <= Self.byteCountMax else { return false }
        if isEmpty { removeAll() }
        bytes.append(contentsOf: more)
        return true
    }

    /// Hands what waits to `write` until it takes no more. Returns the number of bytes taken.
    mutating func drain(_ write: (UnsafeRawBufferPointer) throws(SerialError) -> Int) throws(SerialError) -> Int {
        let start = sent
        while !isEmpty {
            let count = try bytes.withUnsafeBufferPointer { (all) throws(SerialError) -> Int in
                try write(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: all[sent...])))
            }
            if count == 0 { break }
            sent += count
        }
        let taken = sent - start
        if isEmpty { removeAll() }
        return taken
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: bytes.count <= 4_096)
        sent = 0
    }
}
