internal import JSONText

/// The way to one value of a JSON text: `data.temp`, `sensors[0].t`. A dot inside a key is written `\.`.
public struct JSONPath: Sendable, Hashable {
    enum Step: Sendable, Hashable {
        /// UTF-8.
        case key([UInt8])
        case index(Int)
    }

    let steps: [Step]

    /// Nil unless `text` is a way of 1 to 8 steps.
    public init?(_ text: String) {
        var steps: [Step] = []
        var key: [UInt8] = []
        var isKeyOpen = true
        var bytes = Array(text.utf8)[...]
        func close() -> Bool {
            guard isKeyOpen else { return true }
            guard !key.isEmpty else { return false }
            steps.append(.key(key))
            return true
        }
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "\\"):
                guard let escaped = bytes.popFirst() else { return nil }
                key.append(escaped)
            case UInt8(ascii: "."):
                guard close() else { return nil }
                key = []
                isKeyOpen = true
            case UInt8(ascii: "["):
                // A list at the top has no key in front.
                if !(steps.isEmpty && key.isEmpty), !close() { return nil }
                isKeyOpen = false
                key = []
                let digits = bytes.prefix { (0x30...0x39).contains($0) }
                bytes = bytes.dropFirst(digits.count)
                guard bytes.popFirst() == UInt8(ascii: "]"), digits.count <= 6,
                    let index = Int(String(decoding: digits, as: UTF8.self))
                else { return nil }
                steps.append(.index(index))
            default:
                guard isKeyOpen else { return nil }
                key.append(byte)
            }
        }
        guard close(), (1...8).contains(steps.count) else { return nil }
        self.steps = steps
    }

    func value(in root: JSONValue) -> JSONValue? {
        var value = root
        for step in steps {
            let next =
                switch step {
                case .key(let key): key.withUnsafeBufferPointer { value.member($0) }
                case .index(let index): value[index]
                }
            guard let next else { return nil }
            value = next
        }
        return value
    }
}

extension FieldValue {
    /// Nil for null, lists and objects.
    init?(_ value: JSONValue) {
        switch value.kind {
        case .bool: self = .flag(value.bool ?? false)
        case .integer: self = .integer(value.int64 ?? 0)
        case .unsigned, .number: self = .number(value.double ?? 0)
        case .string: self = .text(value.string ?? "")
        case .null, .array, .object: return nil
        }
    }
}
