/// Cuts the bytes of an instrument into lines ended by LF, CR or both; empty ones are left out. Keeps at most one line.
public struct LineCollector: Sendable {
    private let byteCountMax: Int
    private var pending: [UInt8] = []
    private var isOversized = false

    public init(byteCountMax: Int) { self.byteCountMax = byteCountMax }

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
            start = position + 1
            finish(piece, body)
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
