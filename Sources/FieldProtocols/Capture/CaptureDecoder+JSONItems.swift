internal import JSONText

extension CaptureDecoder {
    /// The values of a capture: one text; the elements of an array; or one text a line. Each with where it begins; the error
    /// stands for what is none.
    func jsonItems(_ bytes: UnsafeRawBufferPointer) -> [(value: Result<JSON, LoRaError>, offset: Int)] {
        do throws(JSONError) {
            let root = JSON(try parser.parse(bytes))
            if case .array(let elements) = root { return elements.map { (.success($0), 0) } }
            return [(.success(root), 0)]
        } catch {
            let whole = LoRaError(json: error, at: 0)
            let lines = bytes.split(separator: 0x0A).filter { !$0.allSatisfy { $0 <= 0x20 } }
            guard lines.count > 1, lines.contains(where: { isJSON($0) }) else { return [(.failure(whole), 0)] }
            return lines.map { line in
                do throws(JSONError) {
                    return (.success(JSON(try parser.parse(UnsafeRawBufferPointer(rebasing: line)))), line.startIndex)
                } catch {
                    return (.failure(LoRaError(json: error, at: line.startIndex)), line.startIndex)
                }
            }
        }
    }

    private func isJSON(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
        (try? parser.parse(UnsafeRawBufferPointer(rebasing: line))) != nil  // only whether it is
    }

    /// Lends the borrowed form of a value that owns its content.
    func withBorrowed(_ value: JSON, _ body: (JSONValue) -> Void) {
        // What was parsed once is parsed again: decoders of the data path read borrowed values.
        let bytes = value.bytes
        bytes.withUnsafeBytes { bytes in
            // It was parsed before.
            if let root = try? parser.parse(bytes) { body(root) }
        }
    }
}
