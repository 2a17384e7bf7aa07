internal import Crypto
internal import JSONText

extension CaptureDecoder {
    mutating func decodeEnvelope(_ bytes: UnsafeRawBufferPointer) {
        let envelope: MycoEnvelope
        do throws(MycoEnvelopeError) {
            envelope = try MycoEnvelope.decode(bytes)
        } catch {
            return fail(error.code.rawValue, at: error.offset)
        }
        let integrity = envelope.integrity(publicKey: options.publicKey)
        let error = Self.error(of: integrity, isKeyKnown: options.publicKey != nil)
        if error != nil { markFailed() }
        print { writer in
            Self.write(envelope, &writer)
            Self.write(integrity, &writer)
            if let error { Self.write(error.rawValue, at: 0, &writer) }
        }
    }

    /// Who gives a key wants the envelope to be signed; otherwise only what is there can be wrong.
    private static func error(of integrity: EnvelopeIntegrity, isKeyKnown: Bool) -> MycoEnvelopeError.Code? {
        if isKeyKnown, integrity.hash == .absent || integrity.signature == .absent { return .missingHashOrSignature }
        if integrity.hash == .invalid { return .hashMismatch }
        return integrity.signature == .invalid ? .badSignature : nil
    }

    private static func write(_ envelope: MycoEnvelope, _ writer: inout JSONWriter) {
        writer.key("v")
        writer.unsigned(MycoEnvelope.version)
        writer.key("deviceId")
        writer.string(envelope.deviceID)
        writer.key("proto")
        writer.unsigned(envelope.transport)
        writer.key("msgId")
        writer.string(uuid(envelope.messageID))
        writer.key("t_ms")
        writer.integer(envelope.milliseconds)
        writer.key("seq")
        writer.unsigned(envelope.seq)
        writer.key("mono_ms")
        writer.unsigned(envelope.monotonicMilliseconds)
        writer.key("geo")
        if let place = envelope.place {
            writer.beginObject()
            writer.key("lat_e7")
            writer.integer(place.latitudeE7)
            writer.key("lon_e7")
            writer.integer(place.longitudeE7)
            writer.key("acc_m")
            writer.unsigned(place.accuracyMetres)
            writer.endObject()
        } else {
            writer.null()
        }
        writer.key("readings")
        writer.beginArray()
        for item in envelope.readings { write(item, &writer) }
        writer.endArray()
    }

    private static func write(_ item: MycoEnvelope.Item, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("id")
        write(item.id, &writer)
        writer.key("vi")
        writer.integer(item.integer)
        writer.key("vs")
        writer.unsigned(item.scale)
        writer.key("unit")
        write(item.unit, &writer)
        writer.key("q")
        writer.unsigned(item.quality)
        writer.key("value")
        writer.shortNumber(item.value)
        writer.endObject()
    }

    private static func write(_ name: MycoEnvelope.Name, _ writer: inout JSONWriter) {
        switch name {
        case .code(let code): writer.unsigned(code)
        case .text(let text): writer.string(text)
        }
    }

    private static func write(_ integrity: EnvelopeIntegrity, _ writer: inout JSONWriter) {
        writer.key("hash")
        writer.string(integrity.hash.rawValue)
        writer.key("signature")
        writer.string(integrity.signature.rawValue)
    }

    private static func uuid(_ bytes: [UInt8]) -> String {
        let hex = Array(Hex.encode(bytes))
        guard hex.count == 32 else { return String(hex) }
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(hex[$0]) }.joined(separator: "-")
    }

    // MARK: - JSON

    /// One text, or one envelope a line.
    mutating func decodeJSONEnvelopes(_ bytes: UnsafeRawBufferPointer) {
        if (try? parser.parse(bytes)) != nil || isOneLine(bytes) {  // tried again below with its error
            return decodeJSONEnvelope(bytes, at: 0)
        }
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            if !ByteText(line).trimmed.bytes.allSatisfy(TextScan.isEndOfLine) { decodeJSONEnvelope(line, at: start) }
            start = end + 1
        }
    }

    private func isOneLine(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let lineEnd = bytes.firstIndex(of: 0x0A) ?? bytes.count
        return bytes[lineEnd...].allSatisfy(TextScan.isEndOfLine)
    }

    private mutating func decodeJSONEnvelope(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        do throws(JSONError) {
            show(try parser.parse(bytes), at: offset, isRepaired: false)
        } catch {
            guard let mended = SideATelemetryRepair.repaired(bytes),
                let value = mended.withUnsafeBytes({ try? parser.parse($0) })  // the first error is told
            else { return fail(error.code, at: offset) }
            show(value, at: offset, isRepaired: true)
        }
    }

    private mutating func show(_ envelope: JSONValue, at offset: Int, isRepaired: Bool) {
        var integrity = EnvelopeIntegrity(hash: .absent, signature: .absent)
        var failure: JSONEnvelopeError?
        do throws(JSONEnvelopeError) {
            integrity = try JSONEnvelope.verify(envelope, publicKey: options.publicKey)
        } catch {
            failure = error
            switch error {
            case .hashMismatch: integrity = EnvelopeIntegrity(hash: .invalid, signature: .unchecked)
            case .signatureMismatch: integrity = EnvelopeIntegrity(hash: .valid, signature: .invalid)
            default: return fail(error.code, at: offset)
            }
        }
        if failure != nil { markFailed() }
        print { writer in
            Self.writeContent(of: envelope, &writer)
            Self.write(integrity, &writer)
            if isRepaired {
                writer.key("repaired")
                writer.bool(true)
            }
            if let failure { Self.write(failure.code, at: offset, &writer) }
        }
    }

    private static func writeContent(of envelope: JSONValue, _ writer: inout JSONWriter) {
        func member(_ name: String, _ value: JSONValue?) {
            writer.key(name)
            writer.value(value.map { JSON($0) } ?? .null)
        }
        member("deviceId", envelope["hdr"]?["deviceId"])
        member("proto", envelope["hdr"]?["proto"])
        member("msgId", envelope["hdr"]?["msgId"])
        member("utc", envelope["ts"]?["utc"])
        member("seq", envelope["seq"])
        member("mono_ms", envelope["ts"]?["mono_ms"])
        member("geo", envelope["geo"])
        writer.key("readings")
        writer.beginArray()
        envelope["pack"]?.forEachElement { item in
            writer.beginObject()
            member("id", item["id"])
            member("value", item["v"])
            member("unit", item["u"])
            member("q", item["q"])
            writer.endObject()
        }
        writer.endArray()
    }
}
