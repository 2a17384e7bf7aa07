internal import JSONText

extension CaptureDecoder {
    mutating func decodeMMP(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return fail(MDPError.incomplete.code, at: 0) }
        var start = 0
        while start < bytes.count {
            guard let end = bytes[start...].firstIndex(of: 0) else {
                return fail(MDPError.incomplete.code, at: start)
            }
            if end > start { decodeMMPFrame(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), at: start) }
            start = end + 1
        }
    }

    private mutating func decodeMMPFrame(_ encoded: UnsafeRawBufferPointer, at offset: Int) {
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: encoded.count, alignment: 16)
        defer { scratch.deallocate() }
        guard let count = COBS.decode(encoded, into: scratch) else {
            return fail(MDPError.stuffingBroken.code, at: offset)
        }
        do throws(MMPFrame.Failure) {
            show(try MMPFrame(raw: UnsafeRawBufferPointer(rebasing: scratch[..<count])))
        } catch {
            fail(error.rawValue, at: offset)
        }
    }

    private mutating func show(_ frame: MMPFrame) {
        print { writer in
            writer.key("device_type")
            writer.unsigned(frame.deviceType)
            writer.key("device_id")
            writer.unsigned(frame.deviceID)
            writer.key("timestamp_ms")
            writer.unsigned(frame.milliseconds)
            writer.key("seq")
            writer.unsigned(frame.seq)
            writer.key("payload_type")
            writer.unsigned(frame.payloadType)
            writer.key("flags")
            writer.unsigned(frame.flags)
            writer.key("payload_len")
            writer.integer(frame.payload.count)
            writer.key("payload_utf8")
            writer.string(String(decoding: frame.payload, as: UTF8.self))
            writer.key("payload")
            let value = frame.payload.withUnsafeBytes { try? parser.parse($0) }  // a payload need not be JSON
            writer.value(value.map { JSON($0) } ?? .null)
        }
    }
}
