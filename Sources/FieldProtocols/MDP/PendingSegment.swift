internal import Glibc

/// The bytes since the last delimiter or released line, in a buffer of fixed size.
struct PendingSegment: ~Copyable {
    private let buffer: UnsafeMutableRawBufferPointer
    private(set) var count = 0
    /// Where the line begins that has not ended yet.
    private(set) var lineStart = 0
    /// Whether one of the held lines has the beginning of a frame in it.
    private(set) var holdsHeader = false

    enum Stop { case starved, lineEnd, delimiter, full }

    init(capacity: Int) { buffer = .allocate(byteCount: capacity, alignment: 16) }
    deinit { buffer.deallocate() }

    var isEmpty: Bool { count == 0 }
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[..<count]) }

    /// Takes bytes up to and including a line feed, or up to a zero, which is taken and dropped.
    mutating func append(from input: inout UnsafeRawBufferPointer) -> Stop {
        var taken = 0
        var stop = Stop.starved
        while taken < input.count {
            let byte = input[taken]
            if byte == 0 {
                taken += 1
                stop = .delimiter
                break
            }
            if count == buffer.count {
                stop = .full
                break
            }
            buffer[count] = byte
            count += 1
            taken += 1
            if byte == 0x0A {
                stop = .lineEnd
                break
            }
        }
        input = UnsafeRawBufferPointer(rebasing: input[taken...])
        return stop
    }

    /// The line that has just ended stays: it may belong to a frame.
    mutating func holdLine() {
        if !holdsHeader {
            let start = max(lineStart - 1, 0)
            holdsHeader = FrameSearch.firstHeader(in: UnsafeRawBufferPointer(rebasing: bytes[start...])) != nil
        }
        lineStart = count
    }

    mutating func removeFirst(_ number: Int) {
        guard number < count, let base = buffer.baseAddress else { return removeAll() }
        memmove(base, base + number, count - number)
        count -= number
        lineStart = max(lineStart - number, 0)
        holdsHeader = holdsHeader && FrameSearch.firstHeader(in: bytes) != nil
    }

    mutating func removeAll() {
        count = 0
        lineStart = 0
        holdsHeader = false
    }
}
