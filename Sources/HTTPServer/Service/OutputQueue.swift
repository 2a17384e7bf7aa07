/// The pieces a connection has yet to send, and their framing.
struct OutputQueue {
    private var pieces: [Piece] = []
    /// The piece at hand and how many of its bytes are sent.
    private var index = 0
    private var offset = 0

    var isEmpty: Bool { index == pieces.count }

    mutating func append(_ more: [Piece]) {
        pieces.removeSubrange(..<index)
        index = 0
        pieces += more
    }

    mutating func removeAll() {
        pieces = []
        index = 0
        offset = 0
    }

    /// Fills `buffer` with as much as fits, framing included. Returns the bytes written there and how many of them are
    /// the pieces' own.
    mutating func fill(_ buffer: UnsafeMutableRawBufferPointer) -> (written: Int, payload: Int) {
        var written = 0
        var payload = 0
        while index < pieces.count {
            let room = buffer.count - written
            switch pieces[index] {
            case .plain(let bytes):
                let count = min(room, bytes.count - offset)
                Self.copy(bytes, offset, count, to: buffer, at: &written)
                payload += count
                offset += count
                if offset < bytes.count { return (written, payload) }
            case .chunk(let bytes):
                // Up to eight hexadecimal digits and two line ends.
                guard room > 64 else { return (written, payload) }
                let count = min(room - 12, bytes.count - offset)
                let size = Array((String(count, radix: 16) + "\r\n").utf8)
                Self.copy(size, 0, size.count, to: buffer, at: &written)
                Self.copy(bytes, offset, count, to: buffer, at: &written)
                Self.copy(Self.lineEnd, 0, 2, to: buffer, at: &written)
                payload += count
                offset += count
                if offset < bytes.count { return (written, payload) }
            case .lastChunk:
                guard room >= Self.end.count else { return (written, payload) }
                Self.copy(Self.end, 0, Self.end.count, to: buffer, at: &written)
            }
            index += 1
            offset = 0
        }
        removeAll()
        return (written, payload)
    }

    private static let lineEnd = Array("\r\n".utf8)
    private static let end = Array("0\r\n\r\n".utf8)

    private static func copy(
        _ bytes: [UInt8], _ offset: Int, _ count: Int, to buffer: UnsafeMutableRawBufferPointer, at written: inout Int
    ) {
        guard count > 0 else { return }
        bytes.withUnsafeBytes { source in
            UnsafeMutableRawBufferPointer(rebasing: buffer[written...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[offset..<offset + count]))
        }
        written += count
    }
}
