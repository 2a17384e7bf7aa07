import FieldProtocols
import GatewayModel
import GatewayTestKit
import JSONText

/// How fast the decoders of LoRa are: a million small frames a second, or 200 MB/s.
enum LoRaDecoding {
    static let rows = [
        DecodeRow("semtech", semtech), DecodeRow("chirpstack") { try events("chirpstack-up", .chirpstack) },
        DecodeRow("tts") { try events("tts-v3", .tts) }, DecodeRow("cayenne", cayenne), DecodeRow("modem", modem),
        DecodeRow("lorawan", frames),
    ]

    /// Datagrams with one packet each.
    private static func semtech() throws -> BenchResult {
        let vectors = try JSON(parsing: Vectors.text("lora/semtech-udp.json"))
        let datagram = bytes(vectors["packets"]?["push_data_lora"]?["hex"]?.string ?? "")
        let parser = JSONParser()
        return DecodeBenchmark.measure("Semtech datagrams", byteCount: datagram.count, count: 400_000) {
            datagram.withUnsafeBytes { raw in
                // A vector is good: if it were not, none would be counted.
                guard let packet = try? SemtechPacket(raw), let message = try? SemtechMessage(packet, parser: parser)
                else { return 0 }
                return message.uplinks.count
            }
        }
    }

    /// Whole uplinks of a network server, to readings in a batch.
    private static func events(_ file: String, _ family: TopicFamilyName) throws -> BenchResult {
        let root = try JSON(parsing: Vectors.text("lora/\(file).json"))
        let vector = root[0] ?? root
        let topic = Array((vector["topic"]?.string ?? "").utf8)
        let payload = vector["payload"]?.bytes ?? []
        var decoder = TopicDecoder(policy: { _ in .none }, families: [family.make()])
        let received = ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: true), monotonicMilliseconds: 0)
        var batch = ObservationBatch()
        return DecodeBenchmark.measure("\(family.rawValue) uplinks", byteCount: payload.count, count: 100_000) {
            batch.removeAll()
            topic.withUnsafeBufferPointer { topic in
                payload.withUnsafeBytes { payload in
                    _ = decoder.decode(
                        topic: topic, payload: payload, retained: false, received: received, into: &batch)
                }
            }
            return batch.observations.count
        }
    }

    private static func cayenne() -> BenchResult {
        let payload: [UInt8] = [3, 103, 1, 16, 2, 104, 97, 1, 115, 39, 95]
        var readings = CayenneReadings()
        var batch = ObservationBatch()
        return DecodeBenchmark.measure("Cayenne payloads", byteCount: payload.count, count: 1_000_000) {
            batch.removeAll()
            return payload.withUnsafeBytes { readings.append($0, to: &batch) } == nil && batch.readings.count == 3
                ? 1 : 0
        }
    }

    private static func modem() -> BenchResult {
        let line = Array("+EVT:RXP2P:-57:9:03670110026861".utf8)
        var receiver = ModemReceiver(.rak3172)
        return DecodeBenchmark.measure("modem lines", byteCount: line.count, count: 1_000_000) {
            line.withUnsafeBytes { line in
                if case .packet? = try? receiver.read(line) { 1 } else { 0 }  // counted if it is one
            }
        }
    }

    /// Frames that are checked and decrypted.
    private static func frames() -> BenchResult {
        var node = SimulatedLoRaNode(seed: 1)
        let keys = SessionKeys(network: node.networkKey, application: node.applicationKey)
        let frames = (0..<1_000).map { _ in node.frame([3, 103, 1, 16, 2, 104, 97, 1, 115, 39, 95]) }
        var index = 0
        var session = keys.map { DeviceSession(address: node.address, keys: $0) }
        return DecodeBenchmark.measure("LoRaWAN frames", byteCount: frames[0].count, count: 200_000) {
            if index == frames.count {
                index = 0
                session = keys.map { DeviceSession(address: node.address, keys: $0) }
            }
            defer { index += 1 }
            guard let phy = try? PHYPayload(frames[index]) else { return 0 }  // else it is not counted
            return (try? session?.accept(phy)) != nil ? 1 : 0
        }
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(decoding: digits[$0..<($0 + 2)], as: UTF8.self), radix: 16)
        }
    }
}
