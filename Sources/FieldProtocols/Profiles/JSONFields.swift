internal import GatewayModel
internal import JSONText

/// The fields of a JSON text by their paths.
enum JSONFields {
    /// Adds the readings of those that are there to the open observation. True if one of them is.
    static func append(_ fields: [LineCodec.Field], of root: JSONValue, to batch: inout ObservationBatch) -> Bool {
        var isKnown = false
        for index in fields.indices {
            guard let value = fields[index].path?.value(in: root), let written = FieldValue(value) else { continue }
            isKnown = true
            fields[index].rule.append(written, to: &batch)
        }
        return isKnown
    }
}
