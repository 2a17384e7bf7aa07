import Drivers
import FieldProtocols
import GatewayModel
import GatewayTestKit

/// How fast the codecs of profiles are: a million small messages a second, or 200 MB/s. Shipped profiles read what their
/// devices send.
enum ProfileDecoding {
    static let rows = [
        DecodeRow("expression") { try lines("lines by expression", "gill-windsonic", "Q,229,002.74,M,00,\u{3}16") },
        DecodeRow("csv") {
            try lines(
                "cells of CSV", "campbell-toa5", #""2026-01-15 14:30:00",1201,13.02,18.44,-3.215,87.1"#,
                header: #""TIMESTAMP","RECORD","BattV","PTemp_C","AirTC","RH""#)
        },
        DecodeRow("json-lines") { try lines("JSON lines", "blues-notecard", #"{"value":27.625,"calibration":-3.0}"#) },
        DecodeRow("binary", frames), DecodeRow("json-topics", topics),
        DecodeRow("lorawan-fields") {
            try uplinks(
                "LoRaWAN fields", "dragino-lht65", 2, [0xCB, 0xF6, 0x0B, 0x0D, 3, 0x76, 1, 0x0A, 0xDD, 0x7F, 0xFF])
        },
        DecodeRow("lorawan-records") {
            try uplinks(
                "LoRaWAN records", "elsys-ers", 5, [1, 0, 0xE2, 2, 0x29, 4, 0, 0x27, 5, 6, 6, 3, 8, 7, 0x0D, 0x62])
        },
        DecodeRow("named-cayenne") {
            try uplinks(
                "named Cayenne", "rakwireless-rak7204", 8, [8, 2, 1, 0x71, 7, 0x68, 0x60, 6, 0x73, 0x27, 0x22])
        },
        DecodeRow("senseair-s8") { try registers("senseair-s8", [0, 0, 0, 904]) },
        DecodeRow("xy-md02") { try registers("generic-xy-md02", [305, 546]) },
    ]

    private static func profile(_ name: String) throws -> Profile {
        try ProfileLibrary.read(folder: "\(Vectors.packageRoot)/drivers/\(name)").get()
    }

    private static func lines(
        _ name: String, _ profile: String, _ text: String, header: String? = nil
    ) throws -> BenchResult {
        guard case .lines(let codec) = try Self.profile(profile).kind else { return none(name) }
        var reader = LineReader(codec)
        var batch = ObservationBatch()
        if let header { _ = Array(header.utf8).withUnsafeBytes { reader.read($0, into: &batch) } }
        let line = Array(text.utf8)
        return DecodeBenchmark.measure(name, byteCount: line.count, count: 400_000) {
            batch.removeAll()
            return line.withUnsafeBytes { reader.read($0, into: &batch) } && batch.readings.count > 1 ? 1 : 0
        }
    }

    private static func frames() throws -> BenchResult {
        guard case .binary(let frame, let codec) = try profile("plantower-pms5003").kind else { return none("frames") }
        var wire: [UInt8] = [0x42, 0x4D, 0, 28]
        for value: UInt8 in [10, 18, 21, 11, 17, 20, 1, 2, 3, 4, 5, 6, 0] { wire += [0, value] }
        let sum = wire.reduce(UInt16(0)) { $0 + UInt16($1) }
        wire += [UInt8(sum >> 8), UInt8(sum & 0xFF)]
        var reader = FrameReader(frame)
        var payloads = PayloadReader(codec)
        var batch = ObservationBatch()
        return DecodeBenchmark.measure("binary frames of 12 values", byteCount: wire.count, count: 400_000) {
            batch.removeAll()
            // A good one; if it were not, it would not be counted.
            wire.withUnsafeBytes { reader.read($0) { _ = try? payloads.read($0, into: &batch) } }
            return batch.readings.count == 12 ? 1 : 0
        }
    }

    private static func topics() throws -> BenchResult {
        var decoder = TopicDecoder(
            policy: { _ in .none }, families: [ProfileTopics([try profile("theengs-gateway")])])
        let topic = Array("home/gw/BTtoMQTT/A4C138D11122".utf8)
        let payload = Array(
            #"{"id":"A4:C1:38:D1:11:22","rssi":-80,"model":"TH Sensor","tempc":22.6,"hum":48.5,"batt":95,"volt":2.9}"#
                .utf8)
        let received = ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: true), monotonicMilliseconds: 0)
        var batch = ObservationBatch()
        return DecodeBenchmark.measure("JSON on topics", byteCount: payload.count, count: 400_000) {
            batch.removeAll()
            topic.withUnsafeBufferPointer { topic in
                payload.withUnsafeBytes {
                    _ = decoder.decode(topic: topic, payload: $0, retained: false, received: received, into: &batch)
                }
            }
            return batch.observations.count
        }
    }

    private static func uplinks(
        _ name: String, _ profile: String, _ port: UInt8, _ payload: [UInt8]
    ) throws -> BenchResult {
        guard case .lorawan(let codecs) = try Self.profile(profile).kind else { return none(name) }
        var reader = PortReader(codecs)
        var batch = ObservationBatch()
        return DecodeBenchmark.measure(name, byteCount: payload.count, count: 400_000) {
            batch.removeAll()
            // A good one; if it were not, it would not be counted.
            return (try? reader.read(payload, port: port, into: &batch)) == true ? 1 : 0
        }
    }

    private static func registers(_ profile: String, _ registers: [UInt16]) throws -> BenchResult {
        guard case .modbus(let map) = try Self.profile(profile).kind, let block = map.blocks(of: 0).first else {
            return none(profile)
        }
        var batch = ObservationBatch()
        return DecodeBenchmark.measure("answers of \(profile)", byteCount: registers.count * 2, count: 400_000) {
            batch.removeAll()
            map.append(registers, of: block, to: &batch)
            return batch.readings.count >= registers.count ? 1 : 0
        }
    }

    private static func none(_ name: String) -> BenchResult {
        BenchResult(figure: "\(name): the profile is of another kind", budget: "", detail: "", isKept: false)
    }
}
