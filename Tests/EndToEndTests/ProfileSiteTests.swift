import Crypto
import GatewayTestKit
import JSONText
import MQTT
import Testing

/// Devices that are only known by their profiles, through the whole daemon.
@Suite(.timeLimit(.minutes(5))) struct ProfileSites {
    private struct Site {
        let pair: PtyPair
        let gateway: GatewayProcess

        init(profile: String) throws {
            pair = try PtyPair()
            gateway = try GatewayProcess(
                binary: GatewayProcess.built(),
                sections: """
                    devices: [{alias: bench, match: {path: \(pair.path)}}]
                    serial: {ports: [{path: \(pair.path), driver: profile, profile: \(profile)}]}
                    drivers: {folders: [\(Vectors.packageRoot)/drivers]}
                    """)
            let isReady = try gateway.start()
            try #require(isReady, "\(gateway.log)")
        }

        /// The first value of a metric that fits; nil if none comes.
        func value(
            _ metric: String, where fits: (Double) -> Bool = { _ in true }, meanwhile body: () -> Void
        ) throws -> Double? {
            var found: Double?
            _ = Eventually.holds(within: .seconds(30)) {
                body()
                // Nothing to be read is nothing yet.
                let records = (try? gateway.records(of: "readings")) ?? []
                let readings = records.flatMap { $0["readings"]?.array ?? [] }.filter { $0["id"]?.string == metric }
                found = readings.compactMap { $0["v"]?.double }.first(where: fits)
                return found != nil
            }
            return found
        }
    }

    @Test func linesOfADeviceAreReadByItsProfileAndItsOffsetIsAddedAndAudited() throws {
        let site = try Site(profile: "maxbotix-hrxl")
        let send = { _ = site.pair.send(Array("R1234\r".utf8)) }
        #expect(try site.value("distance", meanwhile: send) == 1234)
        let refused = try site.gateway.tool(["calibrate", "bench", "distance=nan"])
        #expect(refused.status != 0)
        let mistyped = try site.gateway.tool(["calibrate", "bench", "distanc=-34"])
        #expect(mistyped.status != 0 && mistyped.output.contains("bench has no `distanc`: it sends distance"))
        #expect(try site.gateway.tool(["calibrate", "bench", "distanc=0"]).status == 0, "what was set can be removed")
        #expect(try site.gateway.tool(["calibrate", "bench", "distance=-34"]).status == 0)
        #expect(try site.value("distance", where: { $0 < 1234 }, meanwhile: send) == 1200)
        #expect(try site.gateway.tool(["calibrate", "bench"]).output.contains("-34"))
        let audit = try site.gateway.records(of: "audit").map(\.text)
        #expect(audit.contains { $0.contains("calibrat") && $0.contains("distance") }, "\(audit)")
        site.gateway.stop()
    }

    @Test func framesOfADeviceAreReadByItsProfile() throws {
        let site = try Site(profile: "plantower-pms5003")
        var frame: [UInt8] = [0x42, 0x4D, 0, 28]
        for value: UInt8 in [10, 18, 21, 11, 17, 20, 1, 2, 3, 4, 5, 6, 0] { frame += [0, value] }
        let sum = frame.reduce(UInt16(0)) { $0 + UInt16($1) }
        frame += [UInt8(sum >> 8), UInt8(sum & 0xFF)]
        let noise: [UInt8] = [0x42, 0x4D, 0x42]
        #expect(try site.value("pm2_5", meanwhile: { _ = site.pair.send(noise + frame) }) == 17)
        site.gateway.stop()
    }

    @Test func whatIsBeyondTheBoundsOfAProfileIsBadOnASerialPortToo() throws {
        let site = try Site(profile: "plantower-pms5003")
        var frame: [UInt8] = [0x42, 0x4D, 0, 28, 0, 10, 0, 18, 0, 21, 0, 11, 0x07, 0xD0]
        frame += Array(repeating: 0, count: 16)
        let sum = frame.reduce(UInt16(0)) { $0 + UInt16($1) }
        frame += [UInt8(sum >> 8), UInt8(sum & 0xFF)]
        #expect(try site.value("pm2_5", meanwhile: { _ = site.pair.send(frame) }) == 2_000)
        let readings = try site.gateway.records(of: "readings").flatMap { $0["readings"]?.array ?? [] }
        let qualities = Set(readings.filter { $0["id"]?.string == "pm2_5" }.map { $0["q"]?.string })
        #expect(qualities == ["bad"])
        site.gateway.stop()
    }

    @Test func payloadsOfLoRaWANDevicesAreReadByTheirProfiles() throws {
        let broker = try BrokerProcess()
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                devices:
                  - {alias: field, profile: dragino-lht65, match: {dev_eui: a840410000000001}}
                  - {alias: roof, profile: rakwireless-rak7204, match: {dev_eui: a840410000000002}}
                mqtt: {broker: "\(broker.url)"}
                drivers: {folders: [\(Vectors.packageRoot)/drivers]}
                """)
        let isReady = try gateway.start()
        try #require(isReady, "\(gateway.log)")
        let server = try BlockingMQTTClient(port: broker.port, id: "server")
        func send(_ eui: String, _ port: Int, _ count: Int, _ payload: [UInt8]) throws {
            let event: JSON = [
                "deduplicationId": .string("\(eui)-\(count)"), "deviceInfo": ["devEui": .string(eui)],
                "fCnt": .integer(Int64(count)), "fPort": .integer(Int64(port)),
                "data": .string(Base64.encode(payload)),
            ]
            let topic = "application/a/device/\(eui)/event/up"
            try server.publish(MQTTPublication(topic: topic, text: event.text))
        }
        try send("a840410000000001", 2, 1, [0xCB, 0xF6, 0x0B, 0x0D, 3, 0x76, 1, 0x0A, 0xDD, 0x7F, 0xFF])
        try send("a840410000000002", 8, 1, [8, 2, 1, 0x71, 2, 0x67, 1, 1, 9, 0x65, 0, 9, 1])
        // Not as long as the profile says: kept as it came.
        try send("a840410000000001", 2, 2, [1, 2])
        var readings: [String: JSON] = [:]
        let came = Eventually.holds(within: .seconds(30)) {
            // Nothing to be read is nothing yet.
            for record in (try? gateway.records(of: "readings")) ?? [] {
                for reading in record["readings"]?.array ?? [] {
                    readings["\(record["device"]?.string ?? "") \(reading["id"]?.string ?? "")"] = reading
                }
            }
            return readings["field lora.payload"] != nil && readings["roof temperature"] != nil
        }
        #expect(came, "\(readings.keys.sorted())")
        #expect(readings["field temperature"]?["v"]?.double == 28.29)
        #expect(readings["field battery.voltage"]?["v"]?.double == 3.062)
        #expect(readings["field lora.payload"]?["v"]?.string == "0102")
        #expect(readings["roof battery.voltage"]?["v"]?.double == 3.69)
        #expect(readings["roof battery.voltage"]?["u"]?.string == "V")
        #expect(readings["roof temperature"]?["v"]?.double == 25.7)
        #expect(readings["roof lora.payload"] != nil, "the last byte is no record")
        #expect(readings["roof illuminance.9"]?["v"]?.double == 9, "a channel without a name of its own")
        gateway.stop()
    }
}
