internal import GatewayModel

/// The fixed part of a stored record: all that is known of a message besides what it says.
///
/// Its first two bytes tell which fields follow, so that the usual record spends nothing on the unusual ones.
struct RecordHead: Equatable {
    /// The segment's number of the device, from 1; 0 for none.
    var device: UInt32 = 0
    var received: ReceiveTime
    /// The segment's number of the gateway boot, from 0.
    var gatewayBoot: UInt32 = 0
    var source: UInt8
    var flags: RecordFlags = []
    var deviceBoot: UInt32 = 0
    /// The device's own sequence, or the gateway's count for it (`seqAssigned` in the flags).
    var number: UInt32?
    var deviceTime: Timestamp?
    /// What the device said of its uptime, in hundredths of a second: kept to notice its next boot.
    var uptime: UInt32?
    var identity = MessageIdentity.none
    var isNote = false
    /// Numbers before `number` that came with messages which made no record, ascending.
    var heard: [ClosedRange<UInt32>] = []
}

/// What times of a segment are counted from.
struct TimeOrigin: Equatable {
    /// Wall clock of the segment's first record.
    var wall: Int64
    /// Of each gateway boot: how far its wall clock was ahead of its monotonic clock when first seen.
    var bootOffsets: [Int64] = []

    func offset(of boot: UInt32) -> Int64 { Int(boot) < bootOffsets.count ? bootOffsets[Int(boot)] : 0 }
}

extension RecordHead {
    private static let hasDevice: UInt8 = 1 << 0
    private static let hasNumber: UInt8 = 1 << 1
    private static let hasDeviceTime: UInt8 = 1 << 2
    private static let deviceTimeTrusted: UInt8 = 1 << 3
    private static let wallTrusted: UInt8 = 1 << 4
    private static let note: UInt8 = 1 << 5
    private static let identityShift: UInt8 = 6
    private static let sourceMask: UInt8 = 0x7
    private static let hasFlags: UInt8 = 1 << 3
    private static let numberAssigned: UInt8 = 1 << 4
    private static let hasDeviceBoot: UInt8 = 1 << 5
    private static let hasGatewayBoot: UInt8 = 1 << 6
    private static let hasUptime: UInt8 = 1 << 7

    /// - Parameter text: where `identity` points if it is a text.
    func append(to bytes: inout [UInt8], base: TimeOrigin, text: UnsafeRawBufferPointer) {
        var otherFlags = flags.subtracting([.seqAssigned, .heardBefore])
        if !heard.isEmpty { otherFlags.insert(.heardBefore) }
        var first: UInt8 = 0
        if device != 0 { first |= Self.hasDevice }
        if number != nil { first |= Self.hasNumber }
        if let deviceTime {
            first |= Self.hasDeviceTime
            if deviceTime.trusted { first |= Self.deviceTimeTrusted }
        }
        if received.wall.trusted { first |= Self.wallTrusted }
        if isNote { first |= Self.note }
        first |= identityKind << Self.identityShift
        var second = source <= Self.sourceMask ? source : 0
        if !otherFlags.isEmpty { second |= Self.hasFlags }
        if flags.contains(.seqAssigned) { second |= Self.numberAssigned }
        if deviceBoot != 0 { second |= Self.hasDeviceBoot }
        if gatewayBoot != 0 { second |= Self.hasGatewayBoot }
        if uptime != nil { second |= Self.hasUptime }
        bytes.append(first)
        bytes.append(second)
        if second & Self.sourceMask == 0 { bytes.append(source) }
        // The device stands first: whoever looks for one skips the rest.
        if device != 0 { bytes.appendVarint(device) }
        if gatewayBoot != 0 { bytes.appendVarint(gatewayBoot) }
        let wall = received.wall.milliseconds
        bytes.appendZigzag(wall &- base.wall)
        bytes.appendZigzag(received.monotonicMilliseconds &- (wall &- base.offset(of: gatewayBoot)))
        if !otherFlags.isEmpty { bytes.appendVarint(otherFlags.rawValue) }
        if deviceBoot != 0 { bytes.appendVarint(deviceBoot) }
        if let number { bytes.appendVarint(number) }
        if let deviceTime { bytes.appendZigzag(deviceTime.milliseconds &- wall) }
        if let uptime { bytes.appendVarint(uptime) }
        if !heard.isEmpty { appendHeard(to: &bytes) }
        switch identity {
        case .none: break
        case .uuid(let high, let low):
            bytes.appendFixed(high.bigEndian)
            bytes.appendFixed(low.bigEndian)
        case .text(let range):
            bytes.appendVarint(UInt64(range.count))
            bytes.append(contentsOf: text[range])
        case .payload(let hash): bytes.appendFixed(hash)
        }
    }

    private func appendHeard(to bytes: inout [UInt8]) {
        bytes.appendVarint(UInt64(heard.count))
        for range in heard {
            bytes.appendVarint(range.lowerBound)
            bytes.appendVarint(range.upperBound - range.lowerBound)
        }
    }

    private static func heard(_ bytes: inout ByteReader) -> [ClosedRange<UInt32>] {
        var heard: [ClosedRange<UInt32>] = []
        for _ in 0..<min(bytes.varint(), 256) where !bytes.isBroken {
            let first = bytes.varint32()
            heard.append(first...first.addingReportingOverflow(min(bytes.varint32(), .max - first)).partialValue)
        }
        return heard
    }

    private var identityKind: UInt8 {
        switch identity {
        case .none: 0
        case .uuid: 1
        case .text: 2
        case .payload: 3
        }
    }

    /// The device of a packed record, without reading the rest.
    static func device(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        guard bytes.count > 3, bytes[0] & hasDevice != 0 else { return 0 }
        var reader = ByteReader(bytes)
        _ = reader.byte()
        if reader.byte() & sourceMask == 0 { _ = reader.byte() }
        return reader.varint32()
    }

    /// Reads what `append` wrote; a text identity is then a range of these bytes.
    init(_ bytes: inout ByteReader, base: TimeOrigin) {
        let first = bytes.byte()
        let second = bytes.byte()
        let isShort = second & Self.sourceMask != 0
        source = isShort ? second & Self.sourceMask : bytes.byte()
        device = first & Self.hasDevice != 0 ? bytes.varint32() : 0
        gatewayBoot = second & Self.hasGatewayBoot != 0 ? bytes.varint32() : 0
        let wall = bytes.zigzag() &+ base.wall
        received = ReceiveTime(
            wall: Timestamp(milliseconds: wall, trusted: first & Self.wallTrusted != 0),
            monotonicMilliseconds: bytes.zigzag() &+ (wall &- base.offset(of: gatewayBoot)))
        if second & Self.hasFlags != 0 { flags = RecordFlags(rawValue: bytes.varint32()) }
        if second & Self.numberAssigned != 0 { flags.insert(.seqAssigned) }
        if second & Self.hasDeviceBoot != 0 { deviceBoot = bytes.varint32() }
        if first & Self.hasNumber != 0 { number = bytes.varint32() }
        if first & Self.hasDeviceTime != 0 {
            deviceTime = Timestamp(
                milliseconds: bytes.zigzag() &+ wall, trusted: first & Self.deviceTimeTrusted != 0)
        }
        if second & Self.hasUptime != 0 { uptime = bytes.varint32() }
        if flags.remove(.heardBefore) != nil { heard = Self.heard(&bytes) }
        isNote = first & Self.note != 0
        switch first >> Self.identityShift {
        case 1:
            let high = UInt64(bigEndian: bytes.fixed64())
            identity = .uuid(high, UInt64(bigEndian: bytes.fixed64()))
        case 2:
            let count = Int(clamping: bytes.varint())
            identity = .text(bytes.take(count) ?? 0..<0)
        case 3: identity = .payload(bytes.fixed64())
        default: identity = .none
        }
    }
}
