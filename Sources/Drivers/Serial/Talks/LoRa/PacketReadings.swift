import FieldProtocols
import GatewayModel
import JSONText

/// Makes records of the packets that a modem hears: frames of MycoBrain boards, JSON, Cayenne LPP, and else the bytes.
struct PacketReadings {
    private let radio: RadioSetting
    private var payloads = PayloadReadings()
    private let parser = JSONParser(byteCountMax: 1_024)
    /// Boards that speak MDP over the air, by who sends.
    private var boards: [DeviceName: HeardBoard] = [:]

    private static let boardCountMax = 64

    init(radio: RadioSetting) { self.radio = radio }

    /// Appends the records of one packet; how many observations.
    mutating func append(
        _ packet: ModemPacket, of port: DeviceName, at now: ReceiveTime, into batch: inout ObservationBatch
    ) -> Int64 {
        let sender = packet.sender.flatMap { DeviceID("\(port.text)-\($0)") }.flatMap { DeviceName($0) } ?? port
        let before = batch.observations.count
        let isFrame = frame(packet.payload, of: sender, at: now, into: &batch)
        if !isFrame { content(packet.payload, of: sender, at: now, into: &batch) }
        let reception = Reception(gateway: "", rssi: packet.rssi, snr: packet.snr)
        SignalReadings.append([reception], radio, to: &batch)
        var observation = Observation(device: sender, received: now, source: .lora)
        observation.payloadHash = packet.payload.withUnsafeBytes { PayloadHash.of($0) }
        batch.append(observation)
        return Int64(batch.observations.count - before)
    }

    /// One packet is one frame of MDP with the zero that ends it (field reference, section 3.2).
    private mutating func frame(
        _ payload: [UInt8], of sender: DeviceName, at now: ReceiveTime, into batch: inout ObservationBatch
    ) -> Bool {
        guard payload.count > 8, payload.last == 0 else { return false }
        if boards[sender] == nil, boards.count >= Self.boardCountMax { return false }
        let board = boards[sender] ?? HeardBoard()
        boards[sender] = board
        var isFrame = false
        let count = batch.count
        payload.withUnsafeBytes { bytes in
            for event in board.decoder.receive(bytes, at: now, into: &batch, device: sender) {
                switch event {
                case .malformed: isFrame = false
                case .telemetry, .event, .hello, .answer, .acknowledgementWanted: isFrame = true
                default: break
                }
            }
        }
        return isFrame || batch.count > count
    }

    private mutating func content(
        _ payload: [UInt8], of sender: DeviceName, at now: ReceiveTime, into batch: inout ObservationBatch
    ) {
        if payload.first == UInt8(ascii: "{") {
            let isRead = payload.withUnsafeBytes { bytes -> Bool in
                // What is no JSON, or has no values, is kept as it is.
                guard let root = try? parser.parse(bytes), root.isObject else { return false }
                let outcome = try? payloads.append([], fields: root, device: sender, received: now, to: &batch)
                return outcome == .fields
            }
            if isRead { return }
            batch.discardReadings()
        }
        do throws(RejectReason) {
            _ = try payloads.append(payload, device: sender, received: now, to: &batch)
        } catch {
            batch.discardReadings()
            payloads.appendBytes(payload, .ok, to: &batch)
        }
    }
}

/// A decoder cannot be copied into a dictionary.
private final class HeardBoard {
    var decoder = BoardDecoder()
}
