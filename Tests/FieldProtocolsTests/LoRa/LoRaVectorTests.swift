import Crypto
import FieldProtocols
import GatewayTestKit
import JSONText
import Testing

@Suite struct LoRaVectors {
    private func hex(_ value: JSON?) throws -> [UInt8] { try #require(Hex.decode(value?.string ?? "x")) }

    @Test func everyDatagramOfAForwarderDecodesAsItsVectorSays() throws {
        let vectors = try JSON(parsing: Vectors.text("lora/semtech-udp.json"))
        let packets = try #require(vectors["packets"]?.members)
        #expect(packets.count >= 13)
        let names = try #require(vectors["header"]?["ids"]?.members)
        let errors = [
            "malformed_short": "too_short", "malformed_version_7": "unsupported_version",
            "malformed_json": "malformed_json",
        ]
        for packet in packets {
            let decoded = LoRaCapture(try hex(packet.value["hex"]), as: .semtech)
            let line = try #require(decoded.lines.first)
            #expect(decoded.lines.count == 1)
            if let error = errors[packet.key] {
                #expect(line["error"]?.string == error && !decoded.isGood)
                continue
            }
            #expect(decoded.isGood)
            #expect(has(line["json"], packet.value["json"] ?? .null), "\(packet.key)")
            #expect(names.contains { $0.key == line["type"]?.string && $0.value == line["id"] })
        }
        let lora = LoRaCapture(try hex(vectors["packets"]?["push_data_lora"]?["hex"]), as: .semtech).lines[0]
        #expect(lora["token"] == "1a2b" && lora["gateway_eui"] == vectors["gateway_eui"])
        #expect(lora["uplinks"]?[0]?["payload_hex"] == "400403020180010202067c5aa7eb4c094a3f9ba79a57beff")
        let damaged = LoRaCapture(try hex(vectors["packets"]?["push_data_crc_fail"]?["hex"]), as: .semtech).lines[0]
        #expect(damaged["crc_bad"] == 1 && damaged["uplinks"]?[0]?["payload_hex"] == nil)
        let late = LoRaCapture(try hex(vectors["packets"]?["tx_ack_too_late"]?["hex"]), as: .semtech).lines[0]
        #expect(late["result"] == "TOO_LATE")
    }

    @Test func everyFrameOfLoRaWANDecodesAsItsVectorSays() throws {
        let vectors = try JSON(parsing: Vectors.text("lora/lorawan-frames.json"))
        let decoded = LoRaCapture(try Vectors.bytes("lora/lorawan-frames.json"), as: .lorawan)
        #expect(decoded.isGood && decoded.lines.count == 2)
        let data = try #require(vectors["data_uplink"])
        for key in [
            "mtype", "dev_addr", "f_ctrl", "f_cnt", "f_port", "frm_payload_plain_hex", "frm_payload_encrypted_hex",
            "mic_hex",
        ] {
            #expect(has(decoded.lines[0][key], data[key] ?? .null), "\(key)")
        }
        #expect(decoded.lines.allSatisfy { $0["mic"] == "valid" })
        for key in ["join_eui", "dev_eui", "dev_nonce"] {
            #expect(decoded.lines[1][key] == vectors["join_request"]?[key])
        }
        let plain = try hex(data["frm_payload_plain_hex"])
        let cayenne = LoRaCapture(plain, as: .cayenne)
        for (line, wanted) in zip(cayenne.lines, data["cayenne_expect"]?.array ?? []) { #expect(has(line, wanted)) }
        #expect(cayenne.lines.count == 3)
    }

    @Test func aWrongKeyIsSaidAndDecryptsNothing() throws {
        let frame = try #require(Hex.decode("400403020180010202067c5aa7eb4c094a3f9ba79a57beff"))
        var options = CaptureDecoder.Options()
        options.networkKey = Array(repeating: 7, count: 16)
        options.applicationKey = Array(repeating: 8, count: 16)
        let decoded = LoRaCapture(frame, as: .lorawan, options: options)
        #expect(decoded.errors == ["mic_mismatch"])
        #expect(decoded.lines[0]["frm_payload_plain_hex"] == nil)
    }

    @Test func everyCayennePayloadDecodesAsItsVectorSays() throws {
        let vectors = try JSON(parsing: Vectors.text("lora/cayenne-lpp.json"))
        let cases = try #require(vectors["cases"]?.array)
        #expect(cases.count >= 12)
        for entry in cases {
            let decoded = LoRaCapture(try hex(entry["hex"]), as: .cayenne)
            let expected = try #require(entry["expect"]?.array)
            #expect(decoded.isGood && decoded.lines.count == expected.count)
            for (line, wanted) in zip(decoded.lines, expected) {
                #expect(has(line, wanted) && line.count == wanted.count, "\(entry["name"]?.string ?? "")")
            }
        }
        let codes = ["short_value", "unknown_type", "missing_type"]
        for (entry, code) in zip(vectors["malformed"]?.array ?? [], codes) {
            #expect(LoRaCapture(try hex(entry["hex"]), as: .cayenne).errors == [code])
        }
        let kept = LoRaCapture([0x03, 0x67, 0x01, 0x10, 0x01, 0xFE, 0x00], as: .cayenne)
        #expect(kept.lines.count == 2 && kept.lines[0]["value"]?.double == 27.2 && kept.lines[1]["at"] == 5)
    }

    @Test func everyTypeOfTheTableIsReadAsItSays() throws {
        let vectors = try JSON(parsing: Vectors.text("lora/cayenne-lpp.json"))
        let types = try #require(vectors["types"]?.array)
        #expect(types.count >= 25)
        for entry in types {
            let number = try #require(entry["type"]?.int.flatMap { UInt8(exactly: $0) })
            let length = try #require(entry["data_bytes"]?.int)
            let kind = String(entry["meaning"]?.string?.prefix { $0 != " " } ?? "")
            let decoded = LoRaCapture([9, number] + Array(repeating: 0xFF, count: length), as: .cayenne)
            #expect(decoded.isGood && decoded.lines[0]["kind"]?.string == kind)
            guard let resolution = entry["resolution"]?.double, let value = decoded.lines[0]["value"]?.double else {
                continue
            }
            var full = 1.0
            for _ in 0..<length { full *= 256 }
            let raw = entry["signed"]?.bool == true ? -1 : full - 1
            #expect(abs(value - raw * resolution) <= 1e-9 * full, "\(kind)")
        }
    }

    @Test func everyTimeOnAirIsTheVectors() throws {
        let vectors = try JSON(parsing: Vectors.text("lora/time-on-air.json"))
        let decoded = LoRaCapture(try Vectors.bytes("lora/time-on-air.json"), as: .timeOnAir)
        #expect(decoded.isGood && decoded.lines.count == vectors.count && vectors.count >= 12)
        for (line, wanted) in zip(decoded.lines, vectors.array ?? []) { #expect(has(line, wanted)) }
    }

    @Test func everyEventOfChirpStackIsToldWithItsNumbers() throws {
        let up = LoRaCapture(try Vectors.bytes("lora/chirpstack-up.json"), as: .chirpstack)
        #expect(up.isGood && up.lines.count == 1)
        #expect(
            has(
                up.lines[0],
                [
                    "event": "up", "devEui": "0004a30b001c0530", "fCnt": 513, "fPort": 2, "dr": 5, "adr": true,
                    "confirmed": false, "data_hex": "036701100268610173275f", "frequency": 868_500_000,
                    "spreading_factor": 7, "coding_rate": "4/5", "time": "2026-05-04T10:15:30.123Z",
                ]))
        let readings = up.lines[0]["readings"]?.array ?? []
        #expect(readings.contains { has($0, ["id": "temperature.3", "v": 27.2, "u": "Cel"]) })
        #expect(readings.contains { has($0, ["id": "pressure.1", "v": 1007.9, "u": "hPa"]) })
        #expect(readings.contains { has($0, ["id": "lora.snr", "v": 9.5, "u": "dB"]) })
        let others = LoRaCapture(try Vectors.bytes("lora/chirpstack-events.json"), as: .chirpstack)
        #expect(others.isGood)
        #expect(
            others.lines.map { $0["event"]?.string } == ["join", "ack", "txack", "status", "log", "location", "down"])
        #expect(others.lines[1]["acknowledged"] == true && others.lines[1]["fCntDown"] == 12)
        #expect(others.lines[3]["batteryLevel"]?.double == 75.59)
    }

    @Test func anEventWithoutItsTopicIsKnownByItsMembers() throws {
        let vectors = try JSON(parsing: Vectors.text("lora/chirpstack-events.json"))
        for entry in vectors.array ?? [] {
            let decoded = LoRaCapture(try #require(entry["payload"]).text, as: .chirpstack)
            #expect(decoded.isGood)
            #expect(entry["topic"]?.string?.hasSuffix("/" + (decoded.lines[0]["event"]?.string ?? "-")) == true)
        }
        for entry in try JSON(parsing: Vectors.text("lora/tts-v3.json")).array ?? [] {
            let decoded = LoRaCapture(try #require(entry["payload"]).text, as: .tts)
            #expect(decoded.isGood)
        }
    }

    @Test func everyEventOfTheThingsStackIsTold() throws {
        let decoded = LoRaCapture(try Vectors.bytes("lora/tts-v3.json"), as: .tts)
        #expect(decoded.isGood)
        #expect(
            decoded.lines.map { $0["event"]?.string } == ["up", "up", "join", "down/push", "down/replace", "down/ack"])
        #expect(has(decoded.lines[0], ["f_cnt": 513, "f_port": 2, "frm_payload_hex": "036701100268610173275f"]))
        #expect(has(decoded.lines[0], ["frequency": 868_500_000, "airtime": 0.061696, "dev_eui": "0004A30B001C0530"]))
        let ids = (decoded.lines[0]["readings"]?.array ?? []).compactMap { $0["id"]?.string }
        #expect(ids.prefix(3) == ["temperature.3", "humidity.2", "pressure.1"])
        // Zeros are left out: the first frame after a join.
        #expect(has(decoded.lines[1], ["f_cnt": 0, "f_port": 0, "simulated": false]))
        #expect(decoded.lines[4]["downlinks"]?.count == 0)
    }

    @Test func aStationsFrameIsPutTogetherAgainAndItsTimeKeepsAllBits() throws {
        let decoded = LoRaCapture(try Vectors.bytes("lora/basics-station.json"), as: .basicsStation)
        #expect(decoded.isGood)
        #expect(
            decoded.lines.map { $0["msgtype"]?.string }
                == ["discovery", "discovery", "version", "updf", "dnmsg", "dntxed"])
        #expect(decoded.lines[3]["phy_payload_hex"] == "400403020180010202067c5aa7eb4c094a3f9ba79a57beff")
        #expect(decoded.lines[3]["xtime"]?.int64 == 40_250_921_680_313_459)
        #expect(decoded.lines[0]["router"] == "0016c001ff10a235")
        #expect(decoded.lines[4]["dev_eui"] == "0004a30b001c0530")
        let large = LoRaCapture(#"{"msgtype":"dntxed","xtime":9223372036854775807}"#, as: .basicsStation)
        #expect(large.lines[0]["xtime"]?.int64 == .max)
    }

    @Test func theSessionOfAModemReadsAsItsTranscriptSays() throws {
        let decoded = LoRaCapture(try Vectors.bytes("lora/rak3172-p2p-session.txt"), as: .rak3172)
        #expect(decoded.isGood)
        let packets = decoded.lines.filter { $0["kind"] == "packet" }
        #expect(packets.compactMap { $0["rssi"]?.double } == [-57, -101, -57, -70])
        #expect(packets.compactMap { $0["snr"]?.double } == [9, -7, 9, 8])
        #expect(packets[0]["payload_hex"] == packets[2]["payload_hex"])
        #expect(packets[3]["port"] == 2)
        let status = decoded.lines.filter { $0["kind"] == "status" }
        #expect(status.contains { has($0, ["status": "AT_PARAM_ERROR", "command": "AT+PSEND=XYZ"]) })
        #expect(status.contains { has($0, ["status": "AT_BUSY_ERROR", "command": "AT+PSEND=01"]) })
        let events = decoded.lines.compactMap { $0["event"]?.string }
        #expect(events.contains("TXP2P DONE") && events.contains("SEND_CONFIRMED_FAILED(4)"))
    }

    @Test func linesOfOtherModemsReadAsTheirVectorsSay() throws {
        let decoded = LoRaCapture(try Vectors.bytes("lora/other-modem-lines.txt"), as: .modemLines)
        #expect(!decoded.isGood && decoded.errors == ["malformed_line"])
        let lines = decoded.lines
        #expect(lines.count == 7)
        #expect(has(lines[0], ["addr": 50, "len": 5, "data": "HELLO", "rssi": -99, "snr": 40]))
        #expect(has(lines[2], ["data": "23.5,48,1007", "rssi": -61, "snr": 9, "len": 12]))
        #expect(has(lines[3], ["kind": "signal", "len": 7, "rssi": -57, "snr": 9]))
        #expect(has(lines[4], ["kind": "packet", "payload_hex": "03670110026861", "rssi": -57]))
        #expect(has(lines[5], ["addr": 12, "rssi": -57, "snr": 9.5]))
        #expect(has(lines[6], ["len": 5, "payload_hex": "1203414243"]))
    }

    @Test func binaryWhereJSONIsExpectedIsSaidToBeProtobuf() {
        #expect(
            LoRaCapture([0x0A, 0x24] + Array("c9dbe358-2578".utf8), as: .chirpstack).errors == ["protobuf_payload"])
        #expect(LoRaCapture("\n {\"x\":1}", as: .chirpstack).errors == ["unknown_event"])
    }
}
