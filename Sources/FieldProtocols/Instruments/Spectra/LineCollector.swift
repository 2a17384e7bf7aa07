/// Cuts the bytes of an instrument into lines ended by LF, CR or both; empty ones are left out. Keeps at most one line.
public struct LineCollector: Sendable {
    /// The bytes that a line which begins so has at least: ends of lines among them are part of it.
    public typealias Extent = @Sendable (_ line: UnsafeRawBufferPointer) -> Int

    private let byteCountMax: Int
    private let extent: Extent?
    private var pending: [UInt8] = []
    private var isOversized = false

    public init(byteCountMax: Int, extent: Extent? = nil) {
        self.byteCountMax = byteCountMax
        self.extent = extent
    }

    /// Whether a line has begun and not ended.
    public var isInsideLine: Bool { isOversized || !pending.isEmpty }

    /// Forgets the beginning of a line that waits for its end.
    public mutating func reset() {
        pending.removeAll(keepingCapacity: true)
        isOversized = false
    }

    /// Takes all of `bytes` and lends each whole line to `body`; nil stands for one that was too long.
    public mutating func receive(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> Void) {
        var start = 0
        for position in 0..<bytes.count where bytes[position] == 0x0A || bytes[position] == 0x0D {
            let piece = UnsafeRawBufferPointer(rebasing: bytes[start..<position])
            if let extent {
                hold(piece[...])
                start = position
                if !isOversized, pending.withUnsafeBytes(extent) > pending.count { continue }
                start = position + 1
                finish(UnsafeRawBufferPointer(rebasing: piece[piece.count...]), body)
            } else {
                start = position + 1
                finish(piece, body)
            }
        }
        hold(bytes[start...])
    }

    private mutating func finish(_ piece: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> Void) {
        if pending.isEmpty, !isOversized {
            if piece.count > byteCountMax { body(nil) } else if !piece.isEmpty { body(piece) }
            return
        }
        hold(piece[...])
        if isOversized { body(nil) } else { pending.withUnsafeBytes { body($0) } }
        reset()
    }

    private mutating func hold(_ bytes: Slice<UnsafeRawBufferPointer>) {
        guard !isOversized, pending.count + bytes.count <= byteCountMax else {
            isOversized = true
            pending.removeAll(keepingCapacity: true)
            return
        }
        pending.append(contentsOf: bytes)
    }
}
