internal import GatewayModel
internal import JSONText

/// What a message says beside its values.
struct MessageFacts {
    var seq: UInt64?
    var messageID = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    var deviceTime: Timestamp?
    var uptimeMilliseconds: Int64?
    var monotonicMilliseconds: Int64?
    /// Values that were left out, by the first reason.
    var dropped: RejectReason?

    static let messageIDByteCountMax = 128

    var bootEvidence: BootEvidence {
        (monotonicMilliseconds ?? uptimeMilliseconds).map { .uptime(milliseconds: $0) } ?? .none
    }

    mutating func drop(_ reason: RejectReason) { if dropped == nil { dropped = reason } }

    mutating func takeMessageID(_ value: JSONValue) throws(RejectReason) {
        guard let text = value.utf8 else { return }
        guard text.count <= Self.messageIDByteCountMax else { throw .badMessageID }
        messageID = text
    }

    /// Milliseconds or seconds of a clock that starts with the device; nil if that is no number or cannot be one.
    static func duration(_ value: JSONValue, scale: Double) -> Int64? {
        guard let number = value.double, number >= 0 else { return nil }
        return Int64(exactly: (number * scale).rounded())
    }

    /// A text in RFC 3339, or a number: Unix milliseconds, Unix seconds, or milliseconds since boot.
    mutating func takeTime(_ value: JSONValue, received: ReceiveTime) {
        if let text = value.utf8 {
            if let milliseconds = RFC3339.milliseconds(utf8: text) {
                deviceTime = DeviceTime.judged(milliseconds, received: received)
            } else if let number = Double(String(decoding: text.prefix(32), as: UTF8.self)) {
                takeTime(number: number, isVouched: false, received: received)
            }
        } else if let number = value.double {
            takeTime(number: number, isVouched: true, received: received)
        }
    }

    private mutating func takeTime(number: Double, isVouched: Bool, received: ReceiveTime) {
        // 1e11 ms is 1973 and 1e11 s the year 5138: nothing that a device means lies between.
        let milliseconds = number < 1e11 ? number * 1000 : number
        if milliseconds >= Double(DeviceTime.earliest), let exact = Int64(exactly: milliseconds.rounded()) {
            deviceTime = DeviceTime.judged(exact, received: received)
            if !isVouched { deviceTime?.trusted = false }
        } else if isVouched, number >= 0, let sinceBoot = Int64(exactly: number.rounded()) {
            monotonicMilliseconds = monotonicMilliseconds ?? sinceBoot
        }
    }
}
