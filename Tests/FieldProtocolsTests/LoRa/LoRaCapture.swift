import FieldProtocols
import JSONText

/// What `mycogate decode` prints for an input.
struct LoRaCapture {
    var lines: [JSON] = []
    var isGood = false

    init(_ input: [UInt8], as format: CaptureDecoder.Format, options: CaptureDecoder.Options = .init()) {
        var texts: [String] = []
        isGood = input.withUnsafeBytes {
            CaptureDecoder.decode($0, as: format, options: options) { texts.append($0) }
        }
        lines = texts.compactMap { try? JSON(parsing: $0) }
        precondition(lines.count == texts.count, "every line is JSON")
    }

    init(_ text: String, as format: CaptureDecoder.Format, options: CaptureDecoder.Options = .init()) {
        self.init(Array(text.utf8), as: format, options: options)
    }

    var errors: [String] { lines.compactMap { $0["error"]?.string } }
}

/// Whether `found` has everything that `wanted` has, numbers by their value.
func has(_ found: JSON?, _ wanted: JSON) -> Bool {
    guard let found else { return false }
    switch wanted {
    case .object(let members): return members.allSatisfy { has(found[$0.key], $0.value) }
    case .array(let elements):
        guard found.array?.count == elements.count else { return false }
        return elements.indices.allSatisfy { has(found[$0], elements[$0]) }
    default:
        if let number = wanted.double { return found.double == number }
        return found == wanted
    }
}
