import FieldProtocols
import GatewayModel
import JSONText

/// Small pieces that several documents have in common.
extension JSON {
    static func time(_ timestamp: Timestamp?) -> JSON {
        timestamp.map { .string(RFC3339.text($0.milliseconds)) } ?? .null
    }

    static func optional(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }

    static func strings(_ list: [String]) -> JSON { .array(list.map(JSON.string)) }

    static func members(_ pairs: [(String, JSON)]) -> JSON {
        .object(pairs.map { .init(key: $0.0, value: $0.1) })
    }

    static func value(_ value: Reading.Value) -> JSON {
        switch value {
        // 51 and not 51.0, as records have it.
        case .number(let number): Int64(exactly: number).map(JSON.integer) ?? .number(number)
        case .flag(let flag): .bool(flag)
        case .text(let text): .string(text)
        }
    }
}
