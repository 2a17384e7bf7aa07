/// Cuts the bytes of a capture into lines ended by LF or CR LF. Memory is bounded by the longest line.
public struct LineSplitter: Sendable {
    /// Longer lines are cut here and marked.
    public static let byteCountMax = 4096

    /// One line without its end.
    public struct Line: Sendable, Equatable {
        /// The line, CR LF or LF removed.
        public var bytes: [UInt8]
        /// Offset of its first byte.
        public var offset: Int
        /// Its end was seen, and none of it was cut off.
        public var isWhole: Bool
    }

    private var line: [UInt8] = []
    private var start = 0
    private var position = 0

    public init() {}

    /// Takes bytes from the front of `input` until a line ends; nil when all are taken.
    public mutating func next(_ input: inout UnsafeRawBufferPointer) -> Line? {
        for index in input.indices {
            let byte = input[index]
            position += 1
            if byte == 0x0A {
                input = UnsafeRawBufferPointer(rebasing: input[(index + 1)...])
                return end(isTerminated: true)
            }
            // One more than allowed is kept: it tells a cut line from a full one.
            if line.count <= Self.byteCountMax { line.append(byte) }
        }
        input = UnsafeRawBufferPointer(start: nil, count: 0)
        return nil
    }

    /// What stands after the last end of line: it must not be parsed. Nil if nothing does.
    public mutating func finish() -> Line? { position > start ? end(isTerminated: false) : nil }

    private mutating func end(isTerminated: Bool) -> Line {
        if isTerminated, line.last == 0x0D { line.removeLast() }
        let isCut = line.count > Self.byteCountMax
        if isCut { line.removeSubrange(Self.byteCountMax...) }
        defer {
            line.removeAll(keepingCapacity: true)
            start = position
        }
        return Line(bytes: line, offset: start, isWhole: isTerminated && !isCut)
    }
}
