import Crypto
import FieldProtocols
import GatewayTestKit
import HTTPClient
import JSONText
import MQTT
import SQLite
import Testing

/// Binary envelopes over MQTT, from the device's side: it forgets a message when the replay ack says so, not before.
@Suite(.serialized) struct BinaryEnvelopeTests {
    private static let seed = [UInt8](repeating: 7, count: Ed25519.seedByteCount)
    private static let messageID = "67969ad7-1a85-5c00-91b0-24e522a00ec9"
    private static let topic = "mycobrain/cbor-1/envelope"

    private let broker: BrokerProcess
    private let gateway: GatewayProcess
    private let device: BlockingMQTTClient

    init() throws {
        broker = try BrokerProcess()
        let key = Base64.encode(Ed25519.publicKey(seed: Self.seed) ?? [])
        gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                mqtt: {broker: "\(broker.url)"}
                devices: [{alias: cbor-1, public_key: "\(key)", require_signature: true}]
                """)
        #expect(try gateway.start(), "\(gateway.log)")
        device = try BlockingMQTTClient(port: broker.port, id: "cbor-1")
        try device.subscribe(["mycosoft/devices/cbor-1/replay-ack"])
    }

    private func envelope(seq: UInt32, signedWith seed: [UInt8] = seed) -> [UInt8] {
        var id = UUIDText.bytes(of: Self.messageID) ?? []
        id[15] = UInt8(seq)
        var envelope = MycoEnvelope(
            deviceID: "cbor-1", transport: 2, messageID: id, milliseconds: 1_768_487_400_000, seq: seq,
            monotonicMilliseconds: UInt64(seq) * 1_000,
            readings: [.init(id: .text("temperature"), integer: 217, scale: 1, unit: .text("C"), quality: 0)])
        envelope.sign(seed: seed)
        return envelope.encoded
    }

    /// Publishes and waits for the replay ack.
    private func acknowledgement(of envelope: [UInt8]) throws -> JSON {
        try device.publish(MQTTPublication(topic: Self.topic, payload: envelope))
        #expect(try device.work { !$0.messages.isEmpty })
        return try JSON(parsing: try #require(device.takeMessages().first).text)
    }

    @Test func aSignedEnvelopeIsStoredAndARepeatedOneIsAcknowledgedLikeTheFirst() throws {
        for _ in 0..<2 {
            let ack = try acknowledgement(of: envelope(seq: 0xC9))
            #expect(ack["deviceId"]?.string == "cbor-1")
            #expect(ack["msgId"]?.string == Self.messageID)
            #expect(ack["seq"]?.int == 0xC9)
            #expect(ack["accepted"] == true && ack["reason"]?.isNull == true)
            #expect(gateway.recordCount == 1)
        }
        let record = try #require(try gateway.records(of: "readings").first)
        #expect(record["msg_id"]?.string == Self.messageID)
        #expect(record["device_seq"]?.int == 0xC9)
        #expect(record["flags"]?.text == #"["signature_valid"]"#)
        #expect(record["readings"]?[0]?["v"]?.double == 21.7)
        #expect(gateway.status()?["intake"]?["duplicates"]?.int == 1)
        gateway.stop()
    }

    @Test func aForgedEnvelopeIsRefusedWithItsReason() throws {
        let ack = try acknowledgement(of: envelope(seq: 2, signedWith: [UInt8](repeating: 8, count: 32)))
        #expect(ack["accepted"] == false && ack["reason"]?.string == "bad_signature")
        var changed = envelope(seq: 3)
        changed[changed.firstIndex(of: 217) ?? 0] = 218
        #expect(try acknowledgement(of: changed)["reason"]?.string == "hash_mismatch")
        #expect(try acknowledgement(of: envelope(seq: 4))["accepted"] == true)
        #expect(gateway.recordCount == 1)
        let rejected = gateway.status()?["intake"]?["rejected"]
        #expect(rejected?["bad_signature"]?.int == 1 && rejected?["hash_mismatch"]?.int == 1)
        gateway.stop()
    }

    @Test func nothingIsAcknowledgedBeforeItIsCommitted() throws {
        #expect(try acknowledgement(of: envelope(seq: 1))["accepted"] == true)
        let folder = gateway.dataDirectory + "/journal/readings"
        let segment = try #require(try File.names(in: folder).first { $0.hasSuffix(".db") })
        // Somebody else's write transaction: the journal cannot commit while it is open.
        let blocker = try Connection(path: folder + "/" + segment)
        try blocker.run("BEGIN IMMEDIATE")
        try device.publish(MQTTPublication(topic: Self.topic, payload: envelope(seq: 2)))
        #expect(Eventually.holds { gateway.get("/ready")?.status == 503 })
        #expect(try !device.work(within: .milliseconds(200)) { !$0.messages.isEmpty })
        #expect(gateway.recordCount == 1)
        try blocker.run("ROLLBACK")
        #expect(try device.work(within: .seconds(20)) { !$0.messages.isEmpty })
        #expect(device.takeMessages().first?.text.contains(#""seq":2,"accepted":true"#) == true)
        #expect(gateway.recordCount == 2)
        gateway.stop()
    }
}
