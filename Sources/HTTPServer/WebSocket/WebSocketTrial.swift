/// What reads the frames of clients, for those who feed it with damaged ones.
package enum WebSocketTrial {
    /// Reads the bytes of one connection in pieces of `pieceSize`; the number of messages that came, each within the limit.
    package static func messageCount(
        in bytes: UnsafeRawBufferPointer, messageLimit: Int, pieceSize: Int
    ) -> Int {
        var reader = WebSocketReader(messageLimit: messageLimit)
        var count = 0
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + max(1, pieceSize))
            reader.append(bytes[start..<end])
            start = end
            reading: while true {
                switch reader.step() {
                case .needsBytes: break reading
                case .message(let message):
                    precondition(message.byteCount <= messageLimit, "a longer message is refused before it comes")
                    count += 1
                case .ping, .pong: break
                case .close, .failed: return count
                }
            }
        }
        return count
    }
}
