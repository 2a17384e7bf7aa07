/// Carries the base fields of a pack from record to record.
struct SenMLResolver {
    /// The version of RFC 8428.
    static let versionMax = 10.0
    /// Records of one pack.
    static let recordCountMax = 1_000
    static let nameByteCountMax = 255

    private var baseName: [UInt8] = []
    private var baseTime: Double?
    private var baseUnit: [UInt8]?
    private var baseValue = 0.0
    private var baseSum = 0.0
    private var name: [UInt8] = []
    private var number = -1

    init() {}

    mutating func begin() {
        baseName.removeAll(keepingCapacity: true)
        baseTime = nil
        baseUnit = nil
        baseValue = 0
        baseSum = 0
        number = -1
    }

    /// Lends the record that `entry` stands for to `body`; not called for records that only set base fields, nor for those
    /// that hold what nobody here understands.
    mutating func resolve<E: Error>(
        _ entry: SenMLEntry, failed: (SenMLError) -> E, _ body: (SenMLRecord) throws(E) -> Void
    ) throws(E) {
        number += 1
        do throws(SenMLError) { try check(entry) } catch { throw failed(error) }
        if let base = entry.baseName { baseName.replaceSubrange(0..., with: base) }
        if let time = entry.baseTime { baseTime = time }
        if let unit = entry.baseUnit { baseUnit = Array(unit) }
        if let value = entry.baseValue { baseValue = value }
        if let sum = entry.baseSum { baseSum = sum }
        guard !entry.isForeign, entry.value != nil || entry.sum != nil else { return }
        name.removeAll(keepingCapacity: true)
        name.append(contentsOf: baseName)
        if let own = entry.name { name.append(contentsOf: own) }
        guard Self.isName(name) else { throw failed(SenMLError(reason: .badName, record: number)) }
        let (name, unit) = (name, baseUnit)
        let value: SenMLEntry.Value? =
            if case .number(let v) = entry.value { .number(v + baseValue) } else { entry.value }
        let time: Double? = baseTime == nil && entry.time == nil ? nil : (baseTime ?? 0) + (entry.time ?? 0)
        try name.withUnsafeBufferPointer { (name) throws(E) in
            func lend(_ unit: UnsafeBufferPointer<UInt8>?) throws(E) {
                try body(
                    SenMLRecord(
                        name: name, baseNameCount: baseName.count, unit: entry.unit ?? unit, value: value,
                        sum: entry.sum.map { $0 + baseSum }, time: time, updateTime: entry.updateTime))
            }
            if let unit {
                try unit.withUnsafeBufferPointer { (unit) throws(E) in try lend(unit) }
            } else {
                try lend(nil)
            }
        }
    }

    private func check(_ entry: SenMLEntry) throws(SenMLError) {
        guard number < Self.recordCountMax else { throw SenMLError(reason: .tooManyRecords, record: number) }
        if let version = entry.version, !(version > 0 && version <= Self.versionMax) {
            throw SenMLError(reason: .unsupportedVersion, record: number)
        }
        if entry.hasSeveralValues { throw SenMLError(reason: .severalValues, record: number) }
        var isFinite = Self.isFinite(entry.baseTime) && Self.isFinite(entry.baseValue) && Self.isFinite(entry.baseSum)
        isFinite = isFinite && Self.isFinite(entry.sum) && Self.isFinite(entry.time) && Self.isFinite(entry.updateTime)
        if case .number(let value) = entry.value {
            isFinite = isFinite && (value + (entry.baseValue ?? baseValue)).isFinite
        }
        guard isFinite else { throw SenMLError(reason: .notFinite, record: number) }
    }

    private static func isFinite(_ number: Double?) -> Bool { number?.isFinite ?? true }

    /// Letters, digits and `- : . / _`, the first a letter or digit (section 4.5.1).
    private static func isName(_ name: [UInt8]) -> Bool {
        guard let first = name.first, name.count <= nameByteCountMax, isAlphanumeric(first) else { return false }
        return name.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "-"), UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "_"): true
            default: isAlphanumeric(byte)
            }
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: false
        }
    }
}
