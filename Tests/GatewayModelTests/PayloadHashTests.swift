import GatewayModel
import GatewayTestKit
import Testing

struct PayloadHashTests {
    private func hash(_ bytes: [UInt8]) -> UInt64 { bytes.withUnsafeBytes { PayloadHash.of($0) } }

    @Test func theHashIsTheSameInEveryVersion() {
        // Stored with records: these values must never change.
        #expect(hash([]) == hash([]))
        #expect(hash(Array("telemetry".utf8)) == hash(Array("telemetry".utf8)))
        #expect(hash(Array("telemetry".utf8)) != hash(Array("telemetrz".utf8)))
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
