public import GatewayModel
internal import JSONText

/// Reads payloads by a `PayloadCodec`. Keeps its memory for the next; one thread uses one reader.
public struct PayloadReader {
    private let codec: PayloadCodec
    private let parser: JSONParser?
    private var lines: LineReader?
    private var cayenne: CayenneNaming?

    public init(_ codec: PayloadCodec) {
        self.codec = codec
        parser = if case .json = codec { JSONParser() } else { nil }
        lines = if case .lines(let codec) = codec { LineReader(codec) } else { nil }
        cayenne = if case .cayenne(let fields) = codec { CayenneNaming(fields) } else { nil }
    }

    /// Adds the readings of `payload` to the open observation.
    ///
    /// - Returns: whether all of it was understood; of records only the ones before an unknown one are.
    public mutating func read(
        _ payload: UnsafeRawBufferPointer, into batch: inout ObservationBatch
    ) throws(ProfileError) -> Bool {
        let before = batch.readings.count
        var isWhole = true
        switch codec {
        case .fields(let codec):
            if let allowed = codec.byteCount, !allowed.contains(payload.count) { throw .wrongLength }
            codec.append(payload, to: &batch)
        case .records(let codec): isWhole = codec.append(payload, to: &batch)
        case .json(let fields):
            // What is no JSON has no fields either.
            if let root = try? parser?.parse(payload) { _ = JSONFields.append(fields, of: root, to: &batch) }
        case .lines:
            lines?.forgetHeaders()
            for line in payload.split(separator: 0x0A) {
                let text = UnsafeRawBufferPointer(rebasing: line.last == 0x0D ? line.dropLast() : line)
                if lines?.read(text, into: &batch) == false { isWhole = false }
            }
        case .cayenne: isWhole = cayenne?.append(payload, to: &batch) == true
        case .value(let rule): FieldText.append(payload, rule, to: &batch)
        }
        guard batch.readings.count > before else { throw .noReadings }
        return isWhole
    }

    /// As the other, for bytes in an array.
    public mutating func read(_ payload: [UInt8], into batch: inout ObservationBatch) throws(ProfileError) -> Bool {
        try payload.withUnsafeBufferPointer { bytes throws(ProfileError) in
            try read(UnsafeRawBufferPointer(bytes), into: &batch)
        }
    }
}

/// Reads the payloads of a LoRaWAN device by its `PortCodecs`. One thread uses one reader.
public struct PortReader {
    private var entries: [(ports: [UInt8], reader: PayloadReader)]

    public init(_ codecs: PortCodecs) { entries = codecs.entries.map { ($0.ports, PayloadReader($0.codec)) } }

    /// Adds the readings of an uplink to the open observation; several entries of one port are told by their lengths.
    ///
    /// - Returns: whether all of it was understood.
    public mutating func read(
        _ payload: UnsafeRawBufferPointer, port: UInt8, into batch: inout ObservationBatch
    ) throws(ProfileError) -> Bool {
        var failure = ProfileError.noCodec
        for index in entries.indices where entries[index].ports.isEmpty || entries[index].ports.contains(port) {
            do throws(ProfileError) { return try entries[index].reader.read(payload, into: &batch) } catch {
                failure = error
            }
        }
        throw failure
    }

    /// As the other, for bytes in an array.
    public mutating func read(
        _ payload: [UInt8], port: UInt8, into batch: inout ObservationBatch
    ) throws(ProfileError) -> Bool {
        try payload.withUnsafeBufferPointer { bytes throws(ProfileError) in
            try read(UnsafeRawBufferPointer(bytes), port: port, into: &batch)
        }
    }
}
