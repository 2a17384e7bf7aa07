internal import GatewayModel
internal import JSONText

/// The fields of a JSON text by their paths.
struct JSONFields: Sendable {
    /// An object, since one is handed on for every value.
    private final class Entry: Sendable {
        let path: JSONPath
        let rule: FieldRule

        init(path: JSONPath, rule: FieldRule) {
            self.path = path
            self.rule = rule
        }
    }

    private let entries: [Entry]

    /// Fields whose source is no path are left out.
    init(_ fields: [LineCodec.Field]) {
        entries = fields.compactMap { field in field.path.map { Entry(path: $0, rule: field.rule) } }
    }

    /// Adds the readings of those that are there to the open observation. True if one of them is.
    func append(of root: JSONValue, to batch: inout ObservationBatch) -> Bool {
        var isKnown = false
        for entry in entries {
            guard let value = entry.path.value(in: root), let written = FieldValue(value) else { continue }
            isKnown = true
            entry.rule.append(written, to: &batch)
        }
        return isKnown
    }
}
