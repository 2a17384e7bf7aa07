/// One record as it is written, borrowed from the payload: base fields and all (RFC 8428, section 4.3).
struct SenMLEntry {
    typealias Text = UnsafeBufferPointer<UInt8>

    enum Value {
        case number(Double)
        case text(Text)
        case flag(Bool)
        /// Bytes, in JSON as base64 without padding.
        case bytes(Text, isBase64: Bool)
    }

    var baseName: Text?
    var baseTime: Double?
    var baseUnit: Text?
    var baseValue: Double?
    var baseSum: Double?
    var version: Double?
    var name: Text?
    var unit: Text?
    var value: Value?
    /// A record may have one value only.
    var hasSeveralValues = false
    var sum: Double?
    var time: Double?
    var updateTime: Double?
    /// Has a field that must be understood and is not: its label ends in `_`.
    var isForeign = false

    mutating func take(_ value: Value) {
        if self.value != nil { hasSeveralValues = true }
        self.value = value
    }
}

/// A record that stands for itself: base fields applied (section 4.6).
struct SenMLRecord {
    var name: UnsafeBufferPointer<UInt8>
    /// Bytes of `name` that came from the base name.
    var baseNameCount: Int
    var unit: UnsafeBufferPointer<UInt8>?
    var value: SenMLEntry.Value?
    var sum: Double?
    /// Seconds since 1970, or relative to now if below 2^28; nil if the record says nothing of it.
    var time: Double?
    var updateTime: Double?

    /// Times below it are relative to now (section 4.5.3).
    static let absoluteTimeMin = 268_435_456.0

    var isRelative: Bool { (time ?? 0) < Self.absoluteTimeMin }

    /// Unix milliseconds of an absolute time.
    var milliseconds: Int64? {
        guard let time, !isRelative else { return nil }
        return Int64(exactly: (time * 1_000).rounded())
    }
}
