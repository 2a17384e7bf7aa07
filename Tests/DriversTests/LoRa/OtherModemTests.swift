import Drivers
import GatewayModel
import GatewayTestKit
import Testing

/// The modems without a simulated one: what they print, byte by byte, over a pty.
@Suite(.timeLimit(.minutes(5))) struct OtherModems {
    /// A case: the driver, what comes once somebody has asked something, and what must be stored of it.
    struct Case: Sendable, CustomTestStringConvertible {
        var kind: PortTalkKind
        var bytes: [UInt8]
        var device: String
        var expected: [String: Double]

        var testDescription: String { kind.rawValue }
    }

    static let cases = [
        Case(
            kind: .reyax, bytes: Array("+RCV=50,20,{\"temperature\":21.5},-99,7\r\n".utf8), device: "field-radio-50",
            expected: ["temperature": 21.5, "lora.rssi": -99, "lora.snr": 7]),
        Case(
            kind: .loraE5,
            bytes: Array("+TEST: LEN:4, RSSI:-57, SNR:9\r\n+TEST: RX \"03670110\"\r\n".utf8), device: "field-radio",
            expected: ["temperature.3": 27.2, "lora.rssi": -57, "lora.snr": 9]),
        Case(
            kind: .loraGateway,
            bytes: Array("{\"t_ms\":5,\"src\":177,\"dst\":192,\"seq\":7,\"ack\":0,\"type\":1,\"flags\":0}\r\n".utf8),
            device: "field-radio-node-b1", expected: ["mdp.type": 1]),
        Case(
            kind: .meshtastic, bytes: Array("INFO boot\r\n".utf8) + meshFrame, device: "meshtastic-0a0b0c0d",
            expected: ["temperature": 21.5, "lora.rssi": -60, "lora.snr": 6.5]),
    ]

    /// FromRadio {packet {from, decoded {TELEMETRY_APP, Telemetry {environment_metrics {temperature}}}, id, snr, rssi}}.
    private static var meshFrame: [UInt8] {
        func field(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] { [number << 3 | 2, UInt8(bytes.count)] + bytes }
        func fixed(_ number: UInt8, _ value: UInt32) -> [UInt8] {
            [number << 3 | 5] + (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        let telemetry = field(3, fixed(1, Float(21.5).bitPattern))
        let data = [0x08, 67] + field(2, telemetry)
        // -60 as a varint of ten bytes.
        let rssi: [UInt8] = [12 << 3, 0xC4, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]
        let packet = fixed(1, 0x0A0B_0C0D) + field(4, data) + fixed(6, 99) + fixed(8, Float(6.5).bitPattern) + rssi
        let message = field(2, packet)
        return [0x94, 0xC3, 0, UInt8(message.count)] + message
    }

    @Test(arguments: cases) func whatIsHeardIsStoredWithItsSignal(_ modem: Case) async throws {
        let site = try SerialSite()
        let pair = try PtyPair()
        try pair.link(at: site.link("modem"))
        let configuration = SerialIntake.Configuration(
            places: [SerialPlace(path: site.link("modem"), kind: modem.kind)],
            aliases: [DeviceAlias(device: try #require(DeviceID("field-radio")), path: site.link("modem"))])
        try await site.run(configuration) { _ in
            #expect(Eventually.holds(within: .seconds(30)) { !pair.receive().isEmpty }, "nobody asks")
            pair.send(modem.bytes)
            await site.wait { !$0.entries.isEmpty }
            let entry = try #require(site.ledger.entries.first)
            #expect(entry.observation.device.text == modem.device)
            #expect(entry.observation.source == .lora)
            for (metric, value) in modem.expected {
                #expect(entry.readings.first { $0.metric.text == metric }?.value == .number(value), "\(metric)")
            }
        }
    }

    /// Out of the blue it is no answer: a Reyax says so of a packet that it heard damaged.
    @Test func anErrorThatNobodyAskedForIsAnEvent() async throws {
        let site = try SerialSite()
        let pair = try PtyPair()
        try pair.link(at: site.link("modem"))
        let configuration = SerialIntake.Configuration(
            places: [SerialPlace(path: site.link("modem"), kind: .reyax)],
            aliases: [DeviceAlias(device: try #require(DeviceID("field-radio")), path: site.link("modem"))])
        try await site.run(configuration) { _ in
            var asked = ""
            let isSetUp = Eventually.holds(within: .seconds(30)) {
                let heard = pair.receive(within: .milliseconds(50))
                asked += String(decoding: heard, as: UTF8.self)
                if !heard.isEmpty { pair.send(Array("+OK\r\n".utf8)) }
                return asked.contains("AT+CRFOP=")
            }
            #expect(isSetUp, "\(asked)")
            pair.send(Array("+ERR=12\r\n".utf8))
            await site.wait { !$0.notes("lora_modem").isEmpty }
            #expect(site.ledger.notes("lora_modem").map(\.body) == [#"{"event":"+ERR=12"}"#])
        }
    }
}
