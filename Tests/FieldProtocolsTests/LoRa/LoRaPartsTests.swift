import Crypto
import FieldProtocols
import JSONText
import Testing

@Suite struct LoRaParts {
    /// RFC 4493, section 4.
    @Test func authenticationCodesAreThoseOfTheStandard() throws {
        let bytes = try #require(Hex.decode("2b7e151628aed2a6abf7158809cf4f3c"))
        let key = try #require(AES128(key: bytes))
        let message = try #require(
            Hex.decode(
                "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411e5fbc1191a0a52ef"
                    + "f69f2445df4f9b17ad2b417be66c3710"))
        for (count, code) in [
            (0, "bb1d6929e95937287fa37d129b756746"), (16, "070a16b46b4d4144f79bdd9dd04a287c"),
            (40, "dfa66747de9ae63030ca32611497c827"), (64, "51f0bebf7e3b9d92fc49741779363cfe"),
        ] {
            let made = message.prefix(count).withUnsafeBytes { key.authenticationCode(of: $0) }
            #expect(Hex.encode(made.indices.map { made[$0] }) == code)
        }
        #expect(AES128(key: [1, 2, 3]) == nil)
    }

    @Test(
        arguments: [
            ("0016c001ff10a235", 0x0016_C001_FF10_A235), ("0016-C001-FF10-A235", 0x0016_C001_FF10_A235),
            ("00-04-A3-0B-00-1C-05-30", 0x0004_A30B_001C_0530), ("0016:c001:ff10:a235", 0x0016_C001_FF10_A235),
            ("1::2", 0x0001_0000_0000_0002), ("::1", 1), ("1::", 0x0001_0000_0000_0000),
        ] as [(String, UInt64)])
    func euisAreReadAsPeopleWriteThem(_ text: String, _ value: UInt64) {
        #expect(LoRaEUI(text: text)?.value == value)
    }

    @Test(arguments: ["", "1", "0016c001ff10a23", "0016c001ff10a2355", "xyz", ":::", "1:2:3:4:5", "12345::1"])
    func whatIsNoEUIIsRefused(_ text: String) { #expect(LoRaEUI(text: text) == nil) }

    private func push(_ packet: String) -> LoRaCapture {
        LoRaCapture([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] + Array(#"{"rxpk":[\#(packet)]}"#.utf8), as: .semtech)
    }

    @Test func aForwardersOdditiesAreTaken() {
        // No padding, several antennas, a half kilohertz, and a packet that is not ours to judge.
        let odd = push(
            #"{"datr":"SF9BW62.5","modu":"LORA","data":"QAQDAg","rsig":[{"ant":0,"rssic":-99,"lsnr":1},{"ant":1,"rssic":-80,"lsnr":5}]}"#
        )
        #expect(odd.isGood)
        #expect(
            has(odd.lines[0]["uplinks"]?[0], ["rssi": -80, "snr": 5, "bandwidth": 62_500, "payload_hex": "40040302"]))
        #expect(push(#"{"data":"QAQDAg==","size":5}"#).errors == ["size_mismatch"])
        #expect(push(#"{"data":"Q"}"#).errors == ["bad_base64"])
        #expect(push(#"{"size":5}"#).errors == ["missing_field"])
        let trailing = LoRaCapture([2, 0, 0, 0] + Array(repeating: 1, count: 8) + Array("{}\0".utf8), as: .semtech)
        #expect(trailing.isGood)
    }

    @Test func aDownlinkLeavesOutWhatIsNotKnown() throws {
        var radio = RadioSetting(modulation: .lora(spreadingFactor: 7, bandwidthHertz: 125_000))
        radio.frequencyHertz = 868_500_000
        radio.codingRate = "4/5"
        let downlink = SemtechDownlink([0x60, 4], timing: .at(counter: .max), radio: radio, power: 14)
        let text = String(decoding: downlink.json, as: UTF8.self)
        #expect(!text.contains("null") && !text.contains("tmms"))
        let read = LoRaCapture(SemtechPacket.pullResponse(downlink, token: 0x99AA), as: .semtech)
        #expect(has(read.lines[0]["json"]?["txpk"], ["tmst": 4_294_967_295, "freq": 868.5, "datr": "SF7BW125"]))
        #expect(has(read.lines[0], ["token": "99aa", "payload_hex": "6004"]))
    }

    @Test func anExtensionCanBeGivenAnotherMeaning() {
        var table = CayenneTable.standard
        table[128] = CayenneField(custom: "power", form: "s16", divisor: 10, unit: "W")
        #expect(CayenneField(custom: "power", form: "u12", divisor: 1, unit: "W") == nil)
        #expect(CayenneField(custom: "power", form: "u16", divisor: 0, unit: "W") == nil)
        let bytes: [UInt8] = [1, 128, 0xFF, 0xF6]
        let item = bytes.withUnsafeBytes { bytes in
            var reader = CayenneReader(bytes, table: table)
            return try? reader.next()
        }
        #expect(item?.parts[0] == -1)
    }
}
