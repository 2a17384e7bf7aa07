import GatewayTestKit
import JSONText
import Testing

/// Devices that are only known by their profiles, through the whole daemon.
@Suite(.timeLimit(.minutes(2))) struct ProfileSites {
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
}
