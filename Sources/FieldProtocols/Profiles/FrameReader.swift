/// Cuts a stream into the frames of a `FrameCodec`; what is no frame is counted. One thread uses one reader.
public struct FrameReader: Sendable {
    private let codec: FrameCodec
    private var pending: [UInt8] = []
    /// Bytes that belonged to no frame.
    public private(set) var noiseByteCount: Int64 = 0

    public init(_ codec: FrameCodec) { self.codec = codec }

    /// Takes bytes, cut anywhere, and lends each whole frame to `body`.
    public mutating func read(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Void) {
        pending.append(contentsOf: bytes)
        var at = 0
        var noise = 0
        pending.withUnsafeBytes { pending in
            while at < pending.count {
                let rest = UnsafeRawBufferPointer(rebasing: pending[at...])
                switch codec.step(rest) {
                case .frame(let count):
                    body(UnsafeRawBufferPointer(rebasing: rest[..<count]))
                    at += count
                case .noise(let count):
                    at += max(1, count)
                    noise += max(1, count)
                case .more: return
                }
            }
        }
        noiseByteCount += Int64(noise)
        pending.removeFirst(min(at, pending.count))
    }

    /// Forgets a frame that was begun: the port was closed, or a device that answers was asked anew.
    public mutating func reset() { pending.removeAll(keepingCapacity: true) }
}
