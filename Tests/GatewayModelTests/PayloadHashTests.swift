import GatewayModel
import GatewayTestKit
import Testing

struct PayloadHashTests {
    private func hash(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { PayloadHash.of($0) } }

    @Test func theHashIsTheSameInEveryVersion() {
        // Stored with records: these values must never change.
        let known: [(text: String, hash: UInt64)] = [
            ("", 0x6705_27F2_8686_2C69),
            ("t", 0x65E2_8342_2601_8241),
            ("telemet", 0x9406_3E17_AE03_3384),
            ("telemetr", 0x1879_4EEE_4CA2_28DB),
            ("telemetry", 0x41DE_06C6_9712_D60C),
            ("telemetry of 15", 0xAAFB_3327_1667_A4B5),
            ("telemetry of 16 ", 0xDC8F_ED22_54EA_092E),
        ]
        for (text, value) in known { #expect(hash(Array(text.utf8)) == value) }
        let ofAllLengths = (0...64).reduce(UInt64(0)) { mixed, count in
            mixed ^ hash((0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + count) })
        }
        #expect(ofAllLengths == 0x9298_5670_6D5C_7DD1)
        #expect(hash([0]) != hash([0, 0]), "length counts")
    }

    @Test func oneBitChangesTheHash() {
        var random = SeededRandom(seed: 11)
        for _ in 0..<500 {
            let bytes = random.bytes(random.integer(in: 1...300))
            var changed = bytes
            changed[random.integer(in: 0...(bytes.count - 1))] ^= 1 << UInt8(random.integer(in: 0...7))
            #expect(hash(bytes) != hash(changed))
        }
    }

    @Test func noPayloadHashesToTheMarkOfNone() {
        var random = SeededRandom(seed: 12)
        for count in 0..<500 { #expect(hash(random.bytes(count)) != 0) }
        #expect(hash([]) != 0)
    }
}
