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
        let room = min(input.count, buffer.count - count)
        let lineFeed = FrameSearch.lineFeed(in: input, from: 0, to: room)
        var endsLine = lineFeed != nil
        var taken = lineFeed.map { $0 + 1 } ?? room
        if let start = input.baseAddress, let zero = memchr(start, 0, taken) {
            endsLine = false
            taken = UnsafeRawPointer(zero) - start
        }
        UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).copyMemory(
            from: UnsafeRawBufferPointer(rebasing: input[..<taken]))
        count += taken
        input = UnsafeRawBufferPointer(rebasing: input[taken...])
        guard !endsLine, let next = input.first else { return endsLine ? .lineEnd : .starved }
        guard next == 0 else { return .full }
        input = UnsafeRawBufferPointer(rebasing: input[1...])
        return .delimiter
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
