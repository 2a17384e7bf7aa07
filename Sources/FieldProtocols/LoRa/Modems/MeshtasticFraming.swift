/// Cuts the serial stream of a Meshtastic node into messages: `94 C3`, length in two bytes with the higher first, protobuf.
/// Log text may stand between them; the magic is looked for anew after anything that cannot be a frame.
public struct MeshtasticFraming: Sendable {
    /// Longer messages do not exist: the length is noise then.
    public static let byteCountMax = 512

    private var pending: [UInt8] = []
    /// Bytes that belonged to no frame.
    public private(set) var skipped = 0

    public init() {}

    /// Takes bytes, cut anywhere, and hands every whole message to `body`, which tells whether it was one: what was none may
    /// be a frame that was cut short, with the next ones inside.
    public mutating func receive(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Bool) {
        for byte in bytes { take(byte, body) }
    }

    private mutating func take(_ byte: UInt8, _ body: (UnsafeRawBufferPointer) -> Bool) {
        pending.append(byte)
        if pending.count == 1 {
            if byte != 0x94 { drop(1) }
        } else if pending.count == 2 {
            if byte == 0x94 { drop(1) } else if byte != 0xC3 { drop(2) }
        } else if pending.count >= 4 {
            let count = Int(pending[2]) << 8 | Int(pending[3])
            if count > Self.byteCountMax {
                giveUp(body)
            } else if pending.count == 4 + count {
                if pending.withUnsafeBytes({ body(UnsafeRawBufferPointer(rebasing: $0[4...])) }) {
                    pending.removeAll(keepingCapacity: true)
                } else {
                    giveUp(body)
                }
            }
        }
    }

    /// The frame that is waited for will not come: whatever began it may hide others.
    public mutating func giveUp(_ body: (UnsafeRawBufferPointer) -> Bool) {
        guard !pending.isEmpty else { return }
        let rest = pending.dropFirst()
        pending.removeAll(keepingCapacity: true)
        skipped += 1
        for byte in rest { take(byte, body) }
    }

    /// Whether a frame has begun and not ended.
    public var isInsideFrame: Bool { pending.count >= 2 }

    /// A message in its frame; for what the gateway says and for simulators. Nil if it is too long.
    public static func frame(_ message: [UInt8]) -> [UInt8]? {
        guard message.count <= byteCountMax else { return nil }
        return [0x94, 0xC3, UInt8(message.count >> 8), UInt8(message.count & 0xFF)] + message
    }

    private mutating func drop(_ count: Int) {
        pending.removeFirst(count)
        skipped += count
    }
}
