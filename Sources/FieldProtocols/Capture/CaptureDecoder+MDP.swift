internal import Crypto
internal import JSONText

extension CaptureDecoder {
    /// A broken piece that may turn out to be half of a frame that a zero byte has cut in two.
    private struct Fragment {
        var error: MDPError
        var offset: Int
        var end: Int
    }

    mutating func decodeMDP(_ bytes: UnsafeRawBufferPointer, isStream: Bool) {
        guard !bytes.isEmpty else { return fail(MDPError.incomplete.code, at: 0) }
        var stream = MDPStream()
        var input = bytes
        var fragment: Fragment?
        while let event = stream.next(&input) { show(event, in: bytes, isStream, &fragment) }
        while let event = stream.finish() { show(event, in: bytes, isStream, &fragment) }
        flush(&fragment)
    }

    private mutating func show(
        _ event: MDPEvent, in bytes: UnsafeRawBufferPointer, _ isStream: Bool, _ fragment: inout Fragment?
    ) {
        if case .failure(let error, let at, let count) = event {
            return failed(Fragment(error: error, offset: Int(at), end: Int(at) + count), in: bytes, &fragment)
        }
        flush(&fragment)
        switch event {
        case .frame(let frame, let at): show(frame, at: Int(at))
        case .text(let text, let at, let isTerminated):
            show(text, at: Int(at), isTerminated, isStream, in: bytes)
        case .garbage(let count, let at):
            fail("garbage", at: Int(at)) { writer in
                writer.key("count")
                writer.integer(count)
            }
        case .failure: break
        }
    }

    // MARK: - Broken frames

    private mutating func failed(
        _ piece: Fragment, in bytes: UnsafeRawBufferPointer, _ fragment: inout Fragment?
    ) {
        if let first = fragment, Self.areHalves(first, piece, in: bytes) {
            fragment = nil
            return fail(MDPError.twoBadFragments.code, at: first.offset) { writer in
                writer.key("fragments")
                writer.beginArray()
                for part in [first, piece] {
                    writer.beginObject()
                    writer.key("error")
                    writer.string(part.error.code)
                    writer.key("at")
                    writer.integer(part.offset)
                    writer.endObject()
                }
                writer.endArray()
            }
        }
        flush(&fragment)
        fragment = piece
    }

    private static func areHalves(_ first: Fragment, _ second: Fragment, in bytes: UnsafeRawBufferPointer) -> Bool {
        guard first.end + 1 == second.offset, !FrameSearch.isHeader(bytes, at: second.offset) else { return false }
        if first.error == .stuffingBroken, FrameSearch.isHeader(bytes, at: first.offset) { return true }
        // A zero between two blocks leaves a first half whose stuffing adds up: then only the whole can tell.
        let whole = Array(bytes[first.offset..<first.end]) + Array(bytes[second.offset..<second.end])
        let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: whole.count, alignment: 16)
        defer { scratch.deallocate() }
        // Else they are two, each broken for itself.
        return whole.withUnsafeBytes { (try? MDPFrame(encoded: $0, scratch: scratch)) != nil }
    }

    private mutating func flush(_ fragment: inout Fragment?) {
        if let fragment { fail(fragment.error.code, at: fragment.offset) }
        fragment = nil
    }

    // MARK: - Good frames and text

    private mutating func show(
        _ text: UnsafeRawBufferPointer, at offset: Int, _ isTerminated: Bool, _ isStream: Bool,
        in bytes: UnsafeRawBufferPointer
    ) {
        let end = offset + text.count
        // Text is no frame; in front of one it is only in the way.
        if !isStream, end == bytes.count { return fail(MDPError.incomplete.code, at: offset) }
        print { writer in
            writer.key("text")
            writer.string(String(decoding: text, as: UTF8.self))
            writer.key("at")
            writer.integer(offset)
            if !isTerminated, end == bytes.count {
                writer.key("truncated")
                writer.bool(true)
            }
        }
    }

    private mutating func show(_ frame: MDPFrame, at offset: Int) {
        let payload = MDPPayload(frame, parser: parser)
        var error: MDPError?
        if case .failure(let found) = payload { error = found }
        // The gateway takes longer frames than firmware can; a capture of one is still worth a word.
        if frame.rawCount > MDPLimits.firmwareRawCountMax { error = .oversized }
        if error != nil { markFailed() }
        print { writer in
            Self.write(frame.header, &writer)
            writer.key("payload_hex")
            writer.string(Hex.encode(frame.payload))
            writer.key("payload")
            switch payload {
            case .json(let value, let isRepaired):
                writer.value(JSON(value))
                if isRepaired {
                    writer.key("repaired")
                    writer.bool(true)
                }
            case .packed(let content):
                writer.null()
                writer.key("fields")
                content.write(to: &writer)
            default: writer.null()
            }
            if let error { Self.write(error.code, at: offset, &writer) }
        }
    }

    private static func write(_ header: MDPHeader, _ writer: inout JSONWriter) {
        writer.key("msg_type")
        writer.unsigned(header.type.rawValue)
        writer.key("msg_type_name")
        writer.string(header.type.name)
        writer.key("version")
        writer.unsigned(MDPHeader.version)
        for (key, value) in [("seq", header.seq), ("ack", header.ack), ("flags", UInt32(header.flags.rawValue))] {
            writer.key(key)
            writer.unsigned(value)
        }
        writer.key("src")
        writer.unsigned(header.source.rawValue)
        writer.key("dst")
        writer.unsigned(header.destination.rawValue)
    }
}
