extension MycoEnvelope {
    /// Readings that one envelope may hold.
    public static let readingCountMax = 256

    /// Decodes one envelope; neither hash nor signature is checked here (see `integrity(of:)`).
    public static func decode(_ bytes: UnsafeRawBufferPointer) throws(MycoEnvelopeError) -> MycoEnvelope {
        var decoder = EnvelopeDecoder(bytes)
        do throws(CBORError) {
            try decoder.run()
        } catch {
            throw decoder.failure ?? MycoEnvelopeError(error)
        }
        if let failure = decoder.failure { throw failure }
        return try decoder.envelope()
    }

    /// As above, from an array.
    public static func decode(_ bytes: [UInt8]) throws(MycoEnvelopeError) -> MycoEnvelope {
        let result = bytes.withUnsafeBytes { bytes -> Result<MycoEnvelope, MycoEnvelopeError> in
            do throws(MycoEnvelopeError) { return .success(try decode(bytes)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}

/// The fields of an envelope as they come.
private struct EnvelopeDecoder {
    private var reader: CBORReader
    private var fields = Fields()
    private(set) var failure: MycoEnvelopeError?

    private struct Fields {
        var seen: UInt32 = 0
        var deviceID = ""
        var transport: UInt64 = 0
        var messageID: [UInt8] = []
        var milliseconds: Int64 = 0
        var seq: UInt32 = 0
        var monotonic: UInt64 = 0
        var place: MycoEnvelope.Place?
        var readings: [MycoEnvelope.Item] = []
        var metadata: [UInt8]?
        var hash: [UInt8]?
        var signature: [UInt8]?
    }

    private let bytes: UnsafeRawBufferPointer
    /// Keys 0 to 6 and 8.
    private static let required: UInt32 = 0b1_0111_1111

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
        reader = CBORReader(bytes)
    }

    mutating func run() throws(CBORError) {
        let count = try reader.mapHeader()
        var last: UInt64?
        for _ in 0..<count {
            let start = reader.offset
            let key = try reader.unsigned()
            guard last.map({ $0 < key }) ?? true, key <= 11 else { return fail(.schema, at: start) }
            last = key
            fields.seen |= 1 << UInt32(key)
            try field(key)
            if failure != nil { return }
        }
        if !reader.isAtEnd { fail(.cbor, at: reader.offset) }
    }

    func envelope() throws(MycoEnvelopeError) -> MycoEnvelope {
        guard fields.seen & Self.required == Self.required else { throw MycoEnvelopeError(.schema, at: reader.offset) }
        var envelope = MycoEnvelope(
            deviceID: fields.deviceID, transport: fields.transport, messageID: fields.messageID,
            milliseconds: fields.milliseconds, seq: fields.seq, monotonicMilliseconds: fields.monotonic,
            place: fields.place, readings: fields.readings, metadata: fields.metadata)
        envelope.hash = fields.hash
        envelope.signature = fields.signature
        return envelope
    }

    private mutating func fail(_ code: MycoEnvelopeError.Code, at offset: Int) {
        failure = MycoEnvelopeError(code, at: offset)
    }

    private mutating func field(_ key: UInt64) throws(CBORError) {
        let start = reader.offset
        switch key {
        case 0:
            if try reader.unsigned() != MycoEnvelope.version { fail(.unsupportedVersion, at: start) }
        case 1: fields.deviceID = try reader.text()
        case 2: fields.transport = try reader.unsigned(max: 255)
        case 3: fields.messageID = try byteString(count: MycoEnvelope.messageIDByteCount)
        case 4: fields.milliseconds = try reader.integer()
        case 5: fields.seq = UInt32(truncatingIfNeeded: try reader.unsigned(max: UInt64(UInt32.max)))
        case 6: fields.monotonic = try reader.unsigned()
        case 7: fields.place = try place()
        case 8: try readings()
        case 9:
            guard try reader.peek() == .map else { return fail(.schema, at: start) }
            try reader.skip()
            fields.metadata = Array(bytes[start..<reader.offset])
        case 10: fields.hash = try byteString(count: 32)
        default: fields.signature = try byteString(count: 64)
        }
    }

    private mutating func byteString(count: Int) throws(CBORError) -> [UInt8] {
        let start = reader.offset
        let content = try reader.byteString()
        if content.count != count { fail(.schema, at: start) }
        return Array(content)
    }

    /// Checks that the keys of a map are 0 to `count` - 1, each in its place.
    private mutating func key(_ wanted: UInt64) throws(CBORError) {
        let start = reader.offset
        guard try reader.unsigned() == wanted else { throw CBORError(reason: .unexpectedType, offset: start) }
    }

    private mutating func place() throws(CBORError) -> MycoEnvelope.Place? {
        let start = reader.offset
        guard try reader.mapHeader() == 3 else {
            fail(.schema, at: start)
            return nil
        }
        try key(0)
        let latitude = try reader.integer()
        try key(1)
        let longitude = try reader.integer()
        try key(2)
        let accuracy = try reader.unsigned()
        return MycoEnvelope.Place(latitudeE7: latitude, longitudeE7: longitude, accuracyMetres: accuracy)
    }

    private mutating func readings() throws(CBORError) {
        let start = reader.offset
        let count = try reader.arrayHeader()
        guard count <= MycoEnvelope.readingCountMax else { return fail(.schema, at: start) }
        fields.readings.reserveCapacity(count)
        for _ in 0..<count {
            let start = reader.offset
            guard try reader.mapHeader() == 5 else { return fail(.schema, at: start) }
            fields.readings.append(try item())
        }
    }

    private mutating func item() throws(CBORError) -> MycoEnvelope.Item {
        try key(0)
        let id = try name()
        try key(1)
        let integer = try reader.integer()
        try key(2)
        let scale = try reader.unsigned(max: 9)
        try key(3)
        let unit = try name()
        try key(4)
        let quality = try reader.unsigned(max: 2)
        return MycoEnvelope.Item(
            id: id, integer: integer, scale: UInt8(scale), unit: unit, quality: UInt8(quality))
    }

    private mutating func name() throws(CBORError) -> MycoEnvelope.Name {
        try reader.peek() == .text ? .text(try reader.text()) : .code(try reader.unsigned())
    }
}
