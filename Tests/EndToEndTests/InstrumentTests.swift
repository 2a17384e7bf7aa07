import GatewayTestKit
import HTTPClient
import JSONText
import Testing

/// Spectrometers and raw-data files as a technician works with them: through the daemon and the command line.
@Suite(.serialized) struct InstrumentTests {
    private func csv(_ text: String) -> [[String]] {
        text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
    }

    @Test func spectraAreStoredAndExportedByWavelength() throws {
        let folder = try TemporaryFolder()
        let triad = try SimulatedBoard(SpectralTriad())
        try triad.cable.link(at: folder.file("triad"))
        let sts = try SimulatedBoard(OceanSpectrometer())
        try sts.cable.link(at: folder.file("sts"))
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                serial:
                  ports:
                    - {path: \(folder.file("triad")), driver: as7265x, instrument: often}
                    - {path: \(folder.file("sts")), driver: obp, instrument: often}
                instruments: [{name: often, interval: 300ms, integration_ms: 56}]
                devices: [{alias: leaf, match: {path: \(folder.file("triad"))}}, {alias: sts, match: {path: \(folder.file("sts"))}}]
                """)
        #expect(try gateway.start(), "\(gateway.log)")
        func spectra(_ device: String) -> [JSON] {
            let answer = gateway.get("/api/v1/devices/\(device)/spectra?limit=2")
            return answer.flatMap { try? JSON(parsing: $0.body) }?["spectra"]?.array ?? []
        }
        let isStored = Eventually.holds(within: .seconds(30)) {
            spectra("leaf").count == 2 && spectra("sts").count == 2
        }
        #expect(
            isStored, "\(gateway.get("/ports").map { String(decoding: $0.body, as: UTF8.self) } ?? "") \(gateway.log)")
        let leaf = try #require(spectra("leaf").first)
        #expect(leaf["wavelengths_nm"]?.array?.compactMap(\.double).first == 410)
        #expect(leaf["counts"]?[8] == 10 && leaf["calibrated"]?[8] == 1.5 && leaf["integration_ms"] == 56)
        let wide = try #require(spectra("sts").first)
        let wavelengths = wide["wavelengths_nm"]?.array?.compactMap(\.double) ?? []
        #expect(wavelengths.count == 1_024 && wavelengths == wavelengths.sorted() && wavelengths.first == 337.02)

        let table = try gateway.tool(["spectra", "--device", "sts", "--limit", "1", "--format", "csv"])
        #expect(table.status == 0, "\(table.output)")
        let lines = csv(table.output)
        #expect(lines.first?.prefix(5) == ["time", "device", "seq", "wavelength_nm", "counts"])
        #expect(lines.count == 1_025)
        let column = lines.dropFirst().compactMap { Double($0[3]) }
        #expect(column == wavelengths)
        #expect(try gateway.tool(["spectra", "--device", "leaf"]).output.contains("410…940"))
        #expect(try gateway.tool(["spectra", "--device", "nobody"]).status == 1)
        #expect(gateway.get("/api/v1/devices/leaf/spectra?format=png")?.status == 400)
        #expect(gateway.get("/api/v1/devices/leaf/spectra?to=1h&from=2h")?.status == 200)

        // Pages join without a seam.
        let first = try #require(gateway.get("/api/v1/devices/leaf/spectra?limit=1").map { try JSON(parsing: $0.body) })
        let cursor = try #require(first["cursor"]?.string)
        let next = try #require(
            gateway.get("/api/v1/devices/leaf/spectra?limit=1&cursor=\(cursor)").map { try JSON(parsing: $0.body) })
        #expect(next["spectra"]?[0]?["seq"] == spectra("leaf").dropFirst().first?["seq"])
        let answer = try gateway.tool(["command", "leaf", "set_integration", "ms=2000", "--wait", "10s"])
        #expect(answer.status == 1 && answer.output.contains("2.8…714"), "\(answer.output)")
        gateway.stop()
        triad.stop()
        sts.stop()
    }

    @Test func aBoardsSpectralSensorIsShownLikeASpectrometer() throws {
        let folder = try TemporaryFolder()
        let cable = try PtyPair()
        try cable.link(at: folder.file("board"))
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                serial: {ports: [{path: \(folder.file("board")), driver: mycobrain}]}
                devices: [{alias: canopy, match: {path: \(folder.file("board"))}}]
                """)
        #expect(try gateway.start(), "\(gateway.log)")
        #expect(Eventually.holds { cable.isListened })
        // ScienceComms with an AS7341 on its bus.
        let line =
            #"{"type":"telemetry","ts":6120,"board_id":"F27C3A1DB410","led":{"r":0,"g":32,"b":0},"optx_active":false,"#
            + #""as7341":{"F1":101,"F2":102,"F3":103,"F4":104,"F5":105,"F6":106,"F7":107,"F8":108,"NIR":31,"CLEAR":1000,"#
            + #""gain":9,"atime":0,"astep":999}}"#
        _ = cable.send(Array((line + "\r\n").utf8))
        #expect(Eventually.holds { gateway.recordCount == 1 })
        let table = try gateway.tool(["spectra", "--device", "canopy", "--format", "csv"])
        let lines = csv(table.output)
        #expect(lines.dropFirst().map { $0[3] } == ["415", "445", "480", "515", "555", "590", "630", "680", "910"])
        #expect(lines.dropFirst().map { $0[4] } == ["101", "102", "103", "104", "105", "106", "107", "108", "31"])
        #expect(lines.last.map { Array($0[6...9]) } == ["2.78", "256", "true", "none"], "\(table.output)")
        #expect(
            try gateway.tool(["readings", "--device", "canopy", "--metric", "output.led_green"]).output.contains("32"))
        gateway.stop()
    }

    @Test func aRawDataFileIsTakenInOnceHoweverOftenItComes() throws {
        let folder = try TemporaryFolder()
        let gateway = try GatewayProcess(binary: GatewayProcess.built(), sections: "")
        #expect(try gateway.start(), "\(gateway.log)")
        let sample = try Vectors.text("instruments/sample.bmerawdata.json")
        let cut = folder.file("cut.bmerawdata")
        // The last rows are lost with the brackets.
        try File.write(String(sample.prefix(sample.count - 300)), to: cut)
        let first = try gateway.tool(["import", cut, "--json"])
        #expect(first.status == 0, "\(first.output)")
        let receipt = try JSON(parsing: first.output.split(separator: "\n").first.map { Array($0.utf8) } ?? [])
        let kept = try #require(receipt["stored"]?.int64)
        #expect((1...10).contains(kept) && receipt["truncated_at"]?.isNull == false)
        let whole = folder.file("whole.bmerawdata")
        try File.write(sample, to: whole)
        let second = try gateway.tool(["import", whole, "--json"])
        #expect(second.output.contains("\"stored\":\(11 - kept),\"duplicates\":\(kept)"), "\(second.output)")
        #expect(try gateway.tool(["import", whole, cut]).output.contains("0 stored, 11 were there already"))
        #expect(gateway.recordCount == 11)
        let record = try #require(try gateway.records(of: "readings").first)
        #expect(record["device"] == "bme-246f28aabbcc" && record["time"] == "2026-05-04T10:15:30.000Z")
        // What stands in a file was not heard now.
        let board = try JSON(parsing: #require(gateway.get("/api/v1/devices/bme-246f28aabbcc")).body)
        #expect(board["online"] == false && board["last_seen"]?.isNull == true, "\(board.text)")
        let refused = try gateway.tool(["import", gateway.configurationPath])
        #expect(refused.status == 1 && refused.output.contains("malformed_json"), "\(refused.output)")
        // Whoever may not write must not import.
        #expect(gateway.post("/api/v1/imports/bmerawdata", sample)?.status == 401)
        gateway.stop()
    }
}
