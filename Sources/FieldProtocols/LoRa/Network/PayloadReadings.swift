internal import Crypto
public import GatewayModel
public import JSONText

/// Makes readings of the payload of a LoRa packet, in this order: what the network server's codec made of it, the codec of
/// the device's profile, Cayenne LPP if every byte of it makes sense, and else its bytes as text, so that nothing is lost.
public struct PayloadReadings {
    /// Appends the readings of a payload by a profile. Nil: the device has none; false: it is none of the profile's.
    public typealias ProfileCodec = (
        _ device: DeviceName, _ profileName: String?, _ port: UInt8, _ payload: [UInt8], _ batch: inout ObservationBatch
    ) -> Bool?

    /// What came of a payload.
    public enum Outcome: Sendable, Equatable {
        /// Nothing was there.
        case empty
        case fields, profile, cayenne
        /// Not understood: stored as `lora.payload`.
        case bytes
    }

    private var telemetry = TelemetryDecoder(naming: .payloadCodecs)
    private var cayenne: CayenneReadings
    private let profile: ProfileCodec

    /// Readings that were left out of the payload taken last.
    public private(set) var dropped: RejectReason?

    public init(table: CayenneTable = .standard, profile: @escaping ProfileCodec = { _, _, _, _, _ in nil }) {
        cayenne = CayenneReadings(table: table)
        self.profile = profile
    }

    /// Appends the readings to the observation being built.
    public mutating func append(
        _ payload: [UInt8], fields: JSONValue? = nil, port: UInt8 = 0, device: DeviceName, profileName: String? = nil,
        quality: Quality = .ok, received: ReceiveTime, to batch: inout ObservationBatch
    ) throws(RejectReason) -> Outcome {
        dropped = nil
        if let fields, fields.count > 0 {
            let before = batch.openReadings.count
            let facts = try telemetry.decode(
                fields, of: device, received: received, quality: quality, into: &batch)
            dropped = facts.dropped
            if batch.openReadings.count > before { return .fields }
        }
        guard !payload.isEmpty else { return .empty }
        if port == Self.testPort {
            appendBytes(payload, quality, to: &batch)
            return .bytes
        }
        let before = batch.openReadings.count
        switch profile(device, profileName, port, payload, &batch) {
        case true?: return .profile
        case false?:
            Self.drop(from: before, of: &batch)
            appendBytes(payload, quality, to: &batch)
            return .bytes
        case nil: break
        }
        if payload.withUnsafeBytes({ cayenne.append($0, quality: quality, to: &batch) }) == nil { return .cayenne }
        Self.drop(from: before, of: &batch)
        appendBytes(payload, quality, to: &batch)
        return .bytes
    }

    /// The bytes as they are.
    public func appendBytes(_ payload: [UInt8], _ quality: Quality, to batch: inout ObservationBatch) {
        batch.append(Self.bytes(payload, quality))
    }

    /// The bytes as they are, as a reading.
    public static func bytes(_ payload: [UInt8], _ quality: Quality = .ok) -> Reading {
        Reading(Self.payload, .text(Hex.encode(payload.prefix(255))), quality: quality)
    }

    /// Forgets what a codec has appended before it failed.
    private static func drop(from count: Int, of batch: inout ObservationBatch) {
        batch.discardReadings(keeping: count)
    }

    private static let payload = MetricName(known: "lora.payload")
    /// The test protocol of LoRaWAN, never an application's.
    private static let testPort: UInt8 = 224
}
