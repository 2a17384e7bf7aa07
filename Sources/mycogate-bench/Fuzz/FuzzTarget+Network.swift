import HTTPServer

extension FuzzTarget {
    /// What strangers on the network can send.
    static let network: [FuzzTarget] = [
        FuzzTarget(name: "websocket", seeds: { frames }) {
            var pieceSize = 0
            return { bytes in
                pieceSize = pieceSize % 61 + 1
                _ = WebSocketTrial.messageCount(in: bytes, messageLimit: 256, pieceSize: pieceSize)
            }
        }
    ]

    /// Frames as clients send them: whole, in fragments with a ping between, long, too long, and the closing one.
    private static var frames: [[UInt8]] {
        [
            frame(0x81, Array("Hello".utf8)), frame(0x82, Array(repeating: 9, count: 200)),
            frame(0x82, Array(repeating: 9, count: 300)), frame(0x01, [65]) + frame(0x89, [1]) + frame(0x80, [66]),
            frame(0x81, Array("µ €".utf8)) + frame(0x8A, []), frame(0x88, [3, 232]),
            [0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4], [0x82, 0xFE, 0, 126, 1, 2, 3, 4],
        ]
    }

    private static func frame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let length =
            payload.count < 126
            ? [0x80 | UInt8(payload.count)] : [0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        let key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
        return [first] + length + key + payload.enumerated().map { $1 ^ key[$0 & 3] }
    }
}
