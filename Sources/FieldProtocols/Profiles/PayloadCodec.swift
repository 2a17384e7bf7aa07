public import GatewayModel
internal import JSONText

/// How one payload, of whatever transport, becomes readings.
public enum PayloadCodec: Sendable {
    case fields(BinaryCodec)
    case records(RecordCodec)
    case lines(LineCodec)
    /// The whole payload is one value.
    case value(FieldRule)
}

/// Why a payload gives no readings. The raw values are the stable codes.
public enum ProfileError: String, Error, Sendable, CaseIterable {
    /// The profile has nothing for this port or topic.
    case noCodec = "no_codec"
    /// Not as long as the profile says.
    case wrongLength = "wrong_length"
    /// Nothing in it is a field of the profile.
    case noReadings = "no_readings"

    /// Stable snake_case name.
    public var code: String { rawValue }
}

extension PayloadCodec {
    /// Adds the readings of `payload` to the open observation.
    ///
    /// - Returns: whether all of it was understood; of records only the ones before an unknown one are.
    public func append(
        _ payload: UnsafeRawBufferPointer, to batch: inout ObservationBatch
    ) throws(ProfileError) -> Bool {
        let before = batch.readings.count
        var isWhole = true
        switch self {
        case .fields(let codec):
            if let allowed = codec.byteCount, !allowed.contains(payload.count) { throw .wrongLength }
            codec.append(payload, to: &batch)
        case .records(let codec): isWhole = codec.append(payload, to: &batch)
        case .lines(let codec):
            var reader = LineReader(codec)
            for line in payload.split(separator: 0x0A) {
                let text = line.last == 0x0D ? line.dropLast() : line
                if !reader.read(UnsafeRawBufferPointer(rebasing: text), into: &batch) { isWhole = false }
            }
        case .value(let rule):
            if rule.isText || !rule.words.isEmpty {
                rule.append(.text(ByteText(payload).trimmed.string), to: &batch)
            } else if let value = NumberField.scan(payload) {
                rule.append(value, to: &batch)
            }
        }
        guard batch.readings.count > before else { throw .noReadings }
        return isWhole
    }
}

/// The payload codecs of a LoRaWAN device by port.
public struct PortCodecs: Sendable {
    /// What comes on some ports.
    public struct Entry: Sendable {
        /// Empty: any port.
        public var ports: [UInt8]
        public var codec: PayloadCodec

        public init(ports: [UInt8], codec: PayloadCodec) {
            self.ports = ports
            self.codec = codec
        }
    }

    /// Tried in this order.
    public var entries: [Entry]

    public init(entries: [Entry]) { self.entries = entries }

    /// Adds the readings of an uplink to the open observation; several entries of one port are told by their lengths.
    ///
    /// - Returns: whether all of it was understood.
    public func append(
        _ payload: UnsafeRawBufferPointer, port: UInt8, to batch: inout ObservationBatch
    ) throws(ProfileError) -> Bool {
        var failure = ProfileError.noCodec
        for entry in entries where entry.ports.isEmpty || entry.ports.contains(port) {
            do throws(ProfileError) { return try entry.codec.append(payload, to: &batch) } catch { failure = error }
        }
        throw failure
    }
}

extension PayloadCodec {
    /// As the other, for bytes in an array.
    public func append(_ payload: [UInt8], to batch: inout ObservationBatch) throws(ProfileError) -> Bool {
        try payload.withUnsafeBufferPointer { bytes throws(ProfileError) in
            try append(UnsafeRawBufferPointer(bytes), to: &batch)
        }
    }
}

extension PortCodecs {
    /// As the other, for bytes in an array.
    public func append(_ payload: [UInt8], port: UInt8, to batch: inout ObservationBatch) throws(ProfileError) -> Bool {
        try payload.withUnsafeBufferPointer { bytes throws(ProfileError) in
            try append(UnsafeRawBufferPointer(bytes), port: port, to: &batch)
        }
    }
}
