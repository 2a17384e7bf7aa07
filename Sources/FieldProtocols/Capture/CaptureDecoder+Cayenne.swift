internal import JSONText

extension CaptureDecoder {
    /// One line a value; what stands before an error is printed.
    mutating func decodeCayenne(_ bytes: UnsafeRawBufferPointer) {
        var reader = CayenneReader(bytes)
        do throws(LoRaError) {
            while let item = try reader.next() {
                guard let field = CayenneTable.standard[item.type] else { continue }
                print { Self.write(item, field, &$0) }
            }
        } catch {
            fail(error.code.rawValue, at: error.offset)
        }
    }

    private static func write(_ item: CayenneReader.Item, _ field: CayenneField, _ writer: inout JSONWriter) {
        writer.key("channel")
        writer.unsigned(item.channel)
        writer.key("type")
        writer.unsigned(item.type)
        writer.key("kind")
        writer.string(field.kind)
        writer.key("value")
        if field.parts.isEmpty {
            writer.shortNumber(item.parts[0])
        } else {
            writer.beginObject()
            for (index, part) in field.parts.enumerated() {
                writer.key(part)
                writer.shortNumber(item.parts[index])
            }
            writer.endObject()
        }
        if !field.unitText.isEmpty { write("unit", field.unitText, &writer) }
    }
}
