internal import JSONText

extension CaptureDecoder {
    /// One document, or one a line, each with a calibration or using that of the document before.
    mutating func decodeBosch(_ bytes: UnsafeRawBufferPointer, family: BoschVariant) {
        var cases = BoschCases(variant: family)
        if let whole = try? parser.parse(bytes) {  // tried line by line else
            return decodeBosch(whole, at: 0, &cases)
        }
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            if line.contains(where: { $0 > 0x20 }) {
                do throws(JSONError) { decodeBosch(try parser.parse(line), at: start, &cases) } catch {
                    fail(error.code, at: start)
                }
            }
            start = end + 1
        }
        if bytes.isEmpty { fail(BoschError.noCases.code, at: 0) }
    }

    private mutating func decodeBosch(_ document: JSONValue, at offset: Int, _ cases: inout BoschCases) {
        do throws(BoschError) { try cases.open(document) } catch { return fail(error.code, at: offset) }
        var count = 0
        for kind in BoschCases.Kind.allCases {
            document[computed: kind.rawValue]?.forEachElement { item in
                count += 1
                do throws(BoschError) {
                    let results = try cases.results(kind, item)
                    print { writer in
                        writer.key("kind")
                        writer.string(kind.rawValue)
                        item.forEachMember { key, value in
                            guard !results.contains(where: { $0.name.utf8.elementsEqual(key) }) else { return }
                            writer.key(utf8: key)
                            writer.value(JSON(value))
                        }
                        for result in results {
                            writer.key(result.name)
                            writer.value(result.value)
                        }
                    }
                } catch { fail(error.code, at: offset) }
            }
        }
        if count == 0, document["calibration"] == nil, document["calibration_hex"] == nil {
            fail(BoschError.noCases.code, at: offset)
        }
    }
}
