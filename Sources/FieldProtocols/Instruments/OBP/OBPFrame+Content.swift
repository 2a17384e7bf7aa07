extension OBPFrame {
    /// What kind of message it is; nil if unknown, or of another protocol generation.
    public var kind: OBPMessageType? { version == 0x2000 ? nil : OBPMessageType(rawValue: type) }

    /// Whether a device sent it.
    public var isFromDevice: Bool { !flags.isDisjoint(with: [.response, .acknowledged, .refused, .exception]) }

    /// What the content is, by kind and direction; nil where there is none of that kind.
    public var contentKind: OBPMessageType.Content {
        guard let kind, !content.isEmpty else { return .none }
        return isFromDevice ? kind.answer : kind.request
    }

    /// One byte, wherever the content has at least that.
    public var u8: UInt8? { content.first }
    public var u16: UInt16? { content.count >= 2 ? content.withUnsafeBytes { $0.u16(at: 0) } : nil }
    public var u32: UInt32? { content.count >= 4 ? content.withUnsafeBytes { $0.u32(at: 0) } : nil }
    public var f32: Float? { content.count >= 4 ? content.withUnsafeBytes { $0.f32(at: 0) } : nil }

    /// Up to the first zero byte, what is no UTF-8 replaced.
    public var text: String { content.withUnsafeBytes { $0.text(at: 0, count: $0.count) } }

    /// Puts the counts of the pixels into `counts`, two bytes each; an odd last byte is left.
    public func readCounts(into counts: inout [Double]) {
        counts.removeAll(keepingCapacity: true)
        content.withUnsafeBytes { bytes in
            for index in 0..<bytes.count / 2 { counts.append(Double(bytes.u16(at: 2 * index))) }
        }
    }

    /// A question that wants an answer.
    public static func get(_ kind: OBPMessageType, index: UInt8? = nil, regarding: UInt32 = 0) -> OBPFrame {
        OBPFrame(type: kind.rawValue, regarding: regarding, immediate: index.map { [$0] } ?? [])
    }

    /// A setting that wants an acknowledgement.
    public static func set(_ kind: OBPMessageType, _ value: UInt32, regarding: UInt32 = 0) -> OBPFrame {
        var immediate: [UInt8] = []
        if kind.request == .u32 {
            immediate.append(littleEndian: value)
        } else {
            immediate.append(UInt8(truncatingIfNeeded: value))
        }
        return OBPFrame(
            type: kind.rawValue, flags: .acknowledgementWanted, regarding: regarding, immediate: immediate)
    }
}
