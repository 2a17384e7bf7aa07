import FieldProtocols
import GatewayTestKit
import JSONText
import Testing

@Suite struct Repairs {
    private func nonFinite(_ text: String) -> String? {
        NonFiniteRepair.repaired(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func membersBehindTheClosingBraceArePutBackInside() throws {
        let text =
            #"{"hdr":{"deviceId":"mycobrain-side-a"},"seq":1,"pack":[]},"hash":"sha256:00","sig":"ed25519:AA=="}"#
        #expect(throws: JSONError.malformed) { try JSON(parsing: text) }
        let mended = try #require(SideATelemetryRepair.repaired(Array(text.utf8)))
        let value = try JSON(parsing: mended)
        #expect(value["seq"] == 1)
        #expect(value["sig"]?.string == "ed25519:AA==")
        #expect(SideATelemetryRepair.repaired(Array(#"{"hash":"x"}"#.utf8)) == nil)
        #expect(SideATelemetryRepair.repaired([]) == nil)
    }

    @Test func numbersThatAreNoneBecomeNull() {
        #expect(
            nonFinite(#"{"a":nan,"b":-inf,"c":[NaN,ovf,1],"d":Infinity}"#)
                == #"{"a":null,"b":null,"c":[null,null,1],"d":null}"#)
        #expect(nonFinite("{\"a\": nan }") == "{\"a\": null }")
        #expect(nonFinite("nan") == "null")
    }

    @Test func textsAndOtherWordsAreLeftAlone() {
        #expect(nonFinite(#"{"a":"nan","inf":1,"b":"x\",nan"}"#) == nil)
        #expect(nonFinite("{\"a\":nano,\"b\":infx}") == nil)
        #expect(nonFinite("") == nil)
        #expect(nonFinite("\"nan") == nil)
    }

    @Test func mutatedTextsNeverTrap() {
        var random = SeededRandom(seed: 3)
        let seed = Array(#"{"a":nan,"b":"\"inf","c":[-inf,1]},"hash":"x"}"#.utf8)
        for _ in 0..<20_000 {
            let bytes = random.mutated(seed)
            _ = NonFiniteRepair.repaired(bytes)
            _ = SideATelemetryRepair.repaired(bytes)
        }
    }
}
