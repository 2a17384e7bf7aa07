public import GatewayModel

/// What a field of a profile becomes: its metric, its unit, and how to get from what is written to what was measured.
///
/// An object, since it is handed on for every value.
public final class FieldRule: Sendable {
    /// One bit of a status word under a name of its own.
    public struct Bit: Sendable, Equatable {
        /// 0 is the lowest.
        public var place: Int
        public var metric: MetricName

        public init(place: Int, metric: MetricName) {
            self.place = place
            self.metric = metric
        }
    }

    /// What is measured, and in what.
    public let metric: MetricName
    public let unit: Unit
    /// Value = raw × scale + offset.
    public let scale: Double
    public let offset: Double
    /// What the sensor can measure, after scaling; anything outside is stored as bad.
    public let valid: ClosedRange<Double>?
    /// Text is taken as it is, in place of numbers in it.
    public let isText: Bool
    /// Numbers are switches: true unless 0.
    public let isFlag: Bool
    /// Raw values that stand for "no value": stored as nothing.
    public let invalid: [Double]
    /// Words or numbers that raw codes stand for. A code that is not here is stored as it is, as a warning.
    public let names: [Int64: Reading.Value]
    /// The same for words, such as `ON`. A word that is not here is stored as text, as a warning.
    public let words: [String: Reading.Value]
    /// Not empty: each is a reading, and the word itself is none.
    public let bits: [Bit]
    /// What is written is a word and no number.
    let isWord: Bool

    public init(
        _ metric: MetricName, unit: Unit = .none, scale: Double = 1, offset: Double = 0,
        valid: ClosedRange<Double>? = nil, invalid: [Double] = [], names: [Int64: Reading.Value] = [:],
        words: [String: Reading.Value] = [:], bits: [Bit] = [], isText: Bool = false, isFlag: Bool = false
    ) {
        self.metric = metric
        self.unit = unit
        self.scale = scale
        self.offset = offset
        self.valid = valid
        self.isText = isText
        self.isFlag = isFlag
        self.invalid = invalid
        self.names = names
        self.words = words
        self.bits = bits
        isWord = isText || !words.isEmpty
        divisor = Self.divisor(of: scale)
    }

    /// The same in another unit, where this one says none.
    func measured(in unit: Unit) -> FieldRule {
        guard self.unit == .none else { return self }
        return FieldRule(
            metric, unit: unit, scale: scale, offset: offset, valid: valid, invalid: invalid, names: names,
            words: words, bits: bits, isText: isText, isFlag: isFlag)
    }

    /// The whole number that dividing by gives what was meant: 546 × 0.1 is not 54.6, but 546 / 10 is.
    private let divisor: Double?

    private static func divisor(of scale: Double) -> Double? {
        guard scale != 0, scale.magnitude < 1 else { return nil }
        let inverse = (1 / scale).rounded()
        return abs(inverse * scale - 1) < 1e-12 && inverse.magnitude < 1e15 ? inverse : nil
    }

    /// From raw to measured.
    public func measured(_ raw: Double) -> Double { (divisor.map { raw / $0 } ?? raw * scale) + offset }

    /// From measured to raw, for writing.
    public func raw(_ measured: Double) -> Double { (measured - offset) / scale }

    /// Adds what `value` means to the open observation; nothing if it stands for no value or is none.
    public func append(_ value: FieldValue, to batch: inout ObservationBatch) {
        if !bits.isEmpty {
            guard case .integer(let word) = value else { return }
            for bit in bits { batch.append(Reading(bit.metric, .flag(word >> Int64(bit.place & 63) & 1 != 0))) }
            return
        }
        switch value {
        case .text(let text): append(text, to: &batch)
        case .flag(let flag):
            batch.append(Reading(metric, names[flag ? 1 : 0] ?? .flag(flag), unit: unit))
        case .integer(let code):
            if names.isEmpty { append(Double(code), to: &batch) } else { append(code: code, to: &batch) }
        case .number(let value): append(value, to: &batch)
        }
    }

    private func append(code: Int64, to batch: inout ObservationBatch) {
        guard !invalid.contains(Double(code)) else { return }
        let known = names[code]
        let quality: Quality = known == nil ? .warn : .ok
        batch.append(Reading(metric, known ?? .number(Double(code)), unit: unit, quality: quality))
    }

    private func append(_ text: String, to batch: inout ObservationBatch) {
        if isWord {
            guard !text.isEmpty, text.utf8.count <= Self.textByteCountMax else { return }
            let known = words[text]
            let isStrange = known == nil && !words.isEmpty
            batch.append(Reading(metric, known ?? .text(text), unit: unit, quality: isStrange ? .warn : .ok))
        } else if let value = Double(text), value.isFinite {
            if !names.isEmpty || isFlag, let code = Int64(exactly: value) {
                append(.integer(code), to: &batch)
            } else {
                append(value, to: &batch)
            }
        }
    }

    private func append(_ raw: Double, to batch: inout ObservationBatch) {
        guard invalid.isEmpty || !invalid.contains(raw) else { return }
        if isFlag {
            batch.append(Reading(metric, .flag(raw != 0), unit: unit))
            return
        }
        let value = measured(raw)
        guard value.isFinite else { return }
        let quality: Quality = valid.map { $0.contains(value) ? .ok : .bad } ?? .ok
        batch.append(Reading(metric, .number(value), unit: unit, quality: quality))
    }

    /// Longer texts are no field of a device.
    public static let textByteCountMax = 256
}
