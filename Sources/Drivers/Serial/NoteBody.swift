import JSONText

/// Builds the particulars of a note: one JSON object, member by member.
struct NoteBody {
    private var writer = JSONWriter()

    /// The text of the object whose members `fill` gives.
    static func of(_ fill: (inout NoteBody) -> Void) -> String {
        var body = NoteBody()
        body.writer.beginObject()
        fill(&body)
        body.writer.endObject()
        return body.writer.text
    }

    mutating func text(_ key: String, _ value: String) {
        writer.key(key)
        writer.string(value)
    }

    mutating func integer(_ key: String, _ value: Int) {
        writer.key(key)
        writer.integer(value)
    }

    mutating func texts(_ key: String, _ values: [String]) {
        writer.key(key)
        writer.beginArray()
        for value in values { writer.string(value) }
        writer.endArray()
    }
}
