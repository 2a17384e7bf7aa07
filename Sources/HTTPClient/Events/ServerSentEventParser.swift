/// Takes the bytes of a `text/event-stream` in pieces of any size and gives the events in them.
///
/// Holds one line and the data of one event, both bounded: an event that grows beyond the bound ends the stream.
public struct ServerSentEventParser: Sendable {
    /// A line or the data of an event is larger than the bound.
    public struct TooLarge: Error, Equatable {}

    /// The last id that the server gave: what a reconnection sends as `Last-Event-ID`. Empty if none.
    public private(set) var lastID: String
    /// The server's wish for the time before a reconnection, in milliseconds.
    public private(set) var retryMilliseconds: Int64?

    private let byteCountMax: Int
    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var name: [UInt8] = []
    private var followsCarriageReturn = false
    private var isFirstLine = true

    /// - Parameter lastID: what an earlier connection had come to.
    public init(lastID: String = "", byteCountMax: Int = 1 << 20) {
        self.lastID = lastID
        self.byteCountMax = byteCountMax
    }

    /// Takes the next bytes; `body` gets every event that they complete.
    public mutating func parse(
        _ bytes: UnsafeRawBufferPointer, _ body: (ServerSentEvent) -> Void
    ) throws(TooLarge) {
        var start = 0
        for index in bytes.indices {
            let byte = bytes[index]
            let follows = followsCarriageReturn
            followsCarriageReturn = byte == 0x0D
            guard byte == 0x0A || byte == 0x0D else { continue }
            let isSecondOfTwo = byte == 0x0A && follows
            if !isSecondOfTwo {
                try hold(bytes[start..<index])
                try endLine(body)
            }
            start = index + 1
        }
        try hold(bytes[start...])
    }

    private mutating func hold(_ piece: Slice<UnsafeRawBufferPointer>) throws(TooLarge) {
        guard line.count + piece.count <= byteCountMax else { throw TooLarge() }
        line.append(contentsOf: piece)
    }

    private mutating func endLine(_ body: (ServerSentEvent) -> Void) throws(TooLarge) {
        defer { line.removeAll(keepingCapacity: line.count < 4_096) }
        if isFirstLine {
            isFirstLine = false
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        }
        guard !line.isEmpty else { return dispatch(body) }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[min(colon + 1, line.endIndex)...]
        if value.first == 0x20 { value = value.dropFirst() }
        switch line[..<colon] {
        case let field where field.elementsEqual("data".utf8):
            guard data.count + value.count + 1 <= byteCountMax else { throw TooLarge() }
            if hasData { data.append(0x0A) }
            data.append(contentsOf: value)
            hasData = true
        case let field where field.elementsEqual("event".utf8): name = Array(value)
        case let field where field.elementsEqual("id".utf8):
            // Control characters could not go back in a header.
            if value.count <= 256, value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) {
                lastID = String(decoding: value, as: UTF8.self)
            }
        case let field where field.elementsEqual("retry".utf8):
            if value.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
                let milliseconds = Int64(String(decoding: value, as: UTF8.self))
            {
                retryMilliseconds = milliseconds
            }
        // Comments begin with the colon; unknown fields are for others.
        default: break
        }
    }

    private mutating func dispatch(_ body: (ServerSentEvent) -> Void) {
        defer {
            data = []
            name = []
            hasData = false
        }
        guard hasData else { return }
        let name = name.isEmpty ? "message" : String(decoding: name, as: UTF8.self)
        body(ServerSentEvent(name: name, data: data, lastID: lastID))
    }
}
