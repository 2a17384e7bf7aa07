/// Finds the messages in the bytes of a serial port, whatever noise stands between them. Keeps at most one message.
public struct OBPStream: Sendable {
    /// What was found.
    public enum Event: Sendable, Equatable {
        case frame(OBPFrame)
        /// Bytes that begin like a message and are none, at this offset of all bytes.
        case damaged(OBPError, offset: Int)
        /// Bytes that belong to no message.
        case skipped(byteCount: Int, offset: Int)
    }

    private var pending: [UInt8] = []
    /// Where `pending` begins in all bytes.
    private var offset = 0

    public init() {}

    /// Whether the beginning of a message waits for its rest.
    public var isInsideMessage: Bool { !pending.isEmpty }

    /// Forgets what waits: the other side has begun anew.
    public mutating func reset() {
        offset += pending.count
        pending.removeAll(keepingCapacity: true)
    }

    /// Takes all of `bytes` and calls `body` for what they complete.
    public mutating func receive(_ bytes: UnsafeRawBufferPointer, _ body: (Event) -> Void) {
        if pending.isEmpty {
            let used = scan(bytes, body)
            pending.append(contentsOf: bytes[used...])
            offset += used
            return
        }
        pending.append(contentsOf: bytes)
        let used = pending.withUnsafeBytes { scan($0, body) }
        pending.removeSubrange(..<used)
        offset += used
    }

    /// What waits is not coming any more, so what looks like its beginning was none: looks for messages behind it.
    public mutating func resync(_ body: (Event) -> Void) {
        guard !pending.isEmpty else { return }
        body(.damaged(.tooShort, offset: offset))
        let dropped = min(OBPFrame.start.count, pending.count)
        pending.removeSubrange(..<dropped)
        offset += dropped
        receive(UnsafeRawBufferPointer(start: nil, count: 0), body)
    }

    /// Says what has been waiting at the end of a capture.
    public mutating func finish(_ body: (Event) -> Void) {
        guard !pending.isEmpty else { return }
        body(.damaged(.tooShort, offset: offset))
        reset()
    }

    /// The number of bytes that are done with.
    private func scan(_ bytes: UnsafeRawBufferPointer, _ body: (Event) -> Void) -> Int {
        var position = 0
        while position < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
            let noise = Self.noiseCount(rest)
            if noise > 0 {
                body(.skipped(byteCount: noise, offset: offset + position))
                position += noise
                continue
            }
            do throws(OBPError) {
                guard let count = try OBPFrame.byteCount(rest), rest.count >= count else { return position }
                body(.frame(try OBPFrame(rest)))
                position += count
            } catch {
                body(.damaged(error, offset: offset + position))
                // The next message may begin inside of what this one claimed.
                position += OBPFrame.start.count
            }
        }
        return position
    }

    /// Bytes before the next `C1 C0`, or before a `C1` at the very end.
    private static func noiseCount(_ bytes: UnsafeRawBufferPointer) -> Int {
        var position = 0
        while position < bytes.count {
            if bytes[position] == OBPFrame.start[0] {
                if position + 1 == bytes.count || bytes[position + 1] == OBPFrame.start[1] { return position }
            }
            position += 1
        }
        return bytes.count
    }
}
