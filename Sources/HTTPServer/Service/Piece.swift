/// A part of an answer on its way to the socket.
enum Piece: Sendable {
    case plain([UInt8])
    /// Framed as one or more chunks when it is sent.
    case chunk([UInt8])
    case lastChunk

    /// Bytes without framing.
    var count: Int {
        switch self {
        case .plain(let bytes), .chunk(let bytes): bytes.count
        case .lastChunk: 0
        }
    }
}
