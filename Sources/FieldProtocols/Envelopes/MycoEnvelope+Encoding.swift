internal import Crypto

extension MycoEnvelope {
    /// The deterministic CBOR with `hash` and `signature` as they stand, if they stand.
    public var encoded: [UInt8] {
        let tail = (hash == nil ? 0 : 1) + (signature == nil ? 0 : 1)
        var writer = CBORWriter()
        write(to: &writer, tail: tail)
        if let hash {
            writer.unsigned(10)
            writer.byteString(hash)
        }
        if let signature {
            writer.unsigned(11)
            writer.byteString(signature)
        }
        return writer.bytes
    }

    /// The deterministic CBOR without keys 10 and 11: what the hash covers.
    public var unsignedBytes: [UInt8] {
        var writer = CBORWriter()
        write(to: &writer, tail: 0)
        return writer.bytes
    }

    /// Sets `hash`, and `signature` by the key pair of `seed` (32 bytes).
    public mutating func sign(seed: [UInt8]) {
        let hash = BLAKE2b256.hash(unsignedBytes)
        self.hash = hash
        signature = Ed25519.sign(message: EnvelopeSignature.message(hash: hash), seed: seed)
    }

    private func write(to writer: inout CBORWriter, tail: Int) {
        writer.map(8 + (place == nil ? 0 : 1) + (metadata == nil ? 0 : 1) + tail)
        writer.unsigned(0)
        writer.unsigned(Self.version)
        writer.unsigned(1)
        writer.text(deviceID)
        writer.unsigned(2)
        writer.unsigned(transport)
        writer.unsigned(3)
        writer.byteString(messageID)
        writer.unsigned(4)
        writer.integer(milliseconds)
        writer.unsigned(5)
        writer.unsigned(UInt64(seq))
        writer.unsigned(6)
        writer.unsigned(monotonicMilliseconds)
        if let place { write(place, to: &writer) }
        writer.unsigned(8)
        writer.array(readings.count)
        for reading in readings { write(reading, to: &writer) }
        if let metadata {
            writer.unsigned(9)
            writer.raw(metadata)
        }
    }

    private func write(_ place: Place, to writer: inout CBORWriter) {
        writer.unsigned(7)
        writer.map(3)
        writer.unsigned(0)
        writer.integer(place.latitudeE7)
        writer.unsigned(1)
        writer.integer(place.longitudeE7)
        writer.unsigned(2)
        writer.unsigned(place.accuracyMetres)
    }

    private func write(_ item: Item, to writer: inout CBORWriter) {
        writer.map(5)
        writer.unsigned(0)
        write(item.id, to: &writer)
        writer.unsigned(1)
        writer.integer(item.integer)
        writer.unsigned(2)
        writer.unsigned(UInt64(item.scale))
        writer.unsigned(3)
        write(item.unit, to: &writer)
        writer.unsigned(4)
        writer.unsigned(UInt64(item.quality))
    }

    private func write(_ name: Name, to writer: inout CBORWriter) {
        switch name {
        case .code(let code): writer.unsigned(code)
        case .text(let text): writer.text(text)
        }
    }
}
