import Crypto
import FieldProtocols
import GatewayModel
import GatewayTestKit
import JSONText
import MQTT

/// The LoRa devices of a site, each way that they come in: two forwarders over UDP, a Basics Station over WebSocket, a modem
/// on a serial port, and a network server's events over MQTT.
final class LoRaField {
    /// The names under which the demo counts them, and by which their devices are known.
    static let kinds = ["lora-udp", "lora-station", "lora-serial", "lora-mqtt"]

    private var node: SimulatedLoRaNode
    private var server: SimulatedLoRaNode
    private var distant: SimulatedLoRaNode
    private let forwarders: [SimulatedForwarder]
    private let station: SimulatedStation
    private let stationPort: Int
    private let modem: SimulatedModem
    private let modemPath: String
    private let folder: TemporaryFolder
    private let udpPort: Int
    private let brokerPort: Int
    private var client: BlockingMQTTClient?
    private var nextAt: Int64 = 0
    private var pulledAt: Int64 = .min / 2

    private static let interval: Int64 = 1_000
    private static let pullEvery: Int64 = 10_000

    init(seed: UInt64, broker: Int, in folder: TemporaryFolder) throws {
        self.folder = folder
        brokerPort = broker
        node = SimulatedLoRaNode(seed: seed)
        server = SimulatedLoRaNode(seed: seed &+ 1)
        distant = SimulatedLoRaNode(seed: seed &+ 2)
        stationPort = try LoopbackPort.free()
        station = SimulatedStation(eui: LoRaEUI(0x0016_C001_FF10_A210), port: stationPort)
        let port = try LoopbackPort.free()
        udpPort = port
        forwarders = try [1, 2].map { try SimulatedForwarder(eui: LoRaEUI(0x0016_C001_FF10_A200 + $0), port: port) }
        modem = try SimulatedModem()
        modemPath = folder.file("lora-modem")
        try modem.cable.link(at: modemPath)
        for (node, name) in [(node, "udp"), (distant, "station")] {
            try File.write(Hex.encode(node.networkKey), to: folder.file("nwk-s-key-\(name)"))
            try File.write(Hex.encode(node.applicationKey), to: folder.file("app-s-key-\(name)"))
        }
    }

    /// The section `lora` of the gateway's configuration.
    var section: String {
        """
        lora:
          semtech:
            listen: "127.0.0.1:\(udpPort)"
            gateways: [\(forwarders.map { "\"\($0.eui)\"" }.joined(separator: ", "))]
          stations:
            listen: "127.0.0.1:\(stationPort)"
            gateways: ["\(station.eui)"]
          devices:
        \(entry(node, "udp"))
        \(entry(distant, "station"))

        """
    }

    /// A device with its keys.
    private func entry(_ node: SimulatedLoRaNode, _ name: String) -> String {
        """
            - dev_eui: "\(node.eui)"
              dev_addr: "\(DataFrame.text(of: node.address))"
              nwk_s_key_file: \(folder.file("nwk-s-key-\(name)"))
              app_s_key_file: \(folder.file("app-s-key-\(name)"))
        """
    }

    /// An entry of `serial.ports`.
    var port: String { "    - {path: \(modemPath), driver: rak3172}\n" }

    /// Entries of `devices`.
    var devices: String {
        """
          - {alias: lora-udp, match: {dev_eui: "\(node.eui)"}}
          - {alias: lora-station, match: {dev_eui: "\(distant.eui)"}}
          - {alias: lora-serial, match: {path: \(modemPath)}}
          - {alias: lora-mqtt, match: {dev_eui: "\(server.eui)"}}

        """
    }

    /// Sends what is due at `now`.
    func sendDue(_ now: ReceiveTime) {
        for forwarder in forwarders { forwarder.receive() }
        guard now.monotonicMilliseconds >= nextAt else { return }
        nextAt = now.monotonicMilliseconds + Self.interval
        if now.monotonicMilliseconds - pulledAt >= Self.pullEvery {
            pulledAt = now.monotonicMilliseconds
            for forwarder in forwarders { forwarder.pull() }
        }
        let frame = node.frame(node.payload())
        for (index, forwarder) in forwarders.enumerated() {
            forwarder.push(frame, rssi: -57 - 30 * index, snr: 9.5 - Double(8 * index))
        }
        station.push(distant.frame(distant.payload()))
        modem.hear(node.payload())
        do {
            try publish(now)
        } catch {
            client?.drop()
            client = nil
        }
    }

    /// Lets everything go.
    func close() {
        client?.close()
        client = nil
        station.disconnect()
        modem.stop()
    }

    private func publish(_ now: ReceiveTime) throws {
        let client =
            try client
            ?? BlockingMQTTClient(
                MQTTConfiguration(host: "127.0.0.1", port: UInt16(brokerPort), clientID: "sim-chirpstack"))
        self.client = client
        let counter = Int64(server.counter)
        // Counts the frame: the network server has decrypted it already.
        _ = server.frame([])
        let body: JSON = [
            "deduplicationId": .string("sim-\(counter)"), "time": .string(RFC3339.text(now.wall.milliseconds)),
            "deviceInfo": ["devEui": .string(server.eui.description), "deviceName": "env-01", "applicationId": "demo"],
            "fCnt": .integer(counter), "fPort": 2, "data": .string(Base64.encode(server.payload())),
            "rxInfo": [["gatewayId": "0016c001ff10a235", "rssi": -57, "snr": 9.5]],
            "txInfo": [
                "frequency": 868_500_000, "modulation": ["lora": ["bandwidth": 125_000, "spreadingFactor": 7]],
            ],
        ]
        try client.publish(
            MQTTPublication(topic: "application/demo/device/\(server.eui)/event/up", text: body.text))
    }
}
