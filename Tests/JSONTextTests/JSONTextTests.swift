import JSONText
import Testing

@Suite struct JSONParsing {
    @Test func valuesAreReadByKind() throws {
        let text = #"{"a":1,"b":-2,"c":18446744073709551615,"d":1.5,"e":"x\u00e9\n","f":[true,false,null],"g":{}}"#
        let parser = JSONParser()
        let kinds = try parser.withParsed(text) { root in
            #expect(root.count == 7)
            #expect(root["a"]?.int64 == 1)
            #expect(root["a"]?.uint64 == 1)
            #expect(root["b"]?.int64 == -2)
            #expect(root["b"]?.uint64 == nil)
            #expect(root["c"]?.int64 == nil)
            #expect(root["c"]?.uint64 == .max)
            #expect(root["d"]?.double == 1.5)
            #expect(root["d"]?.int64 == nil)
            #expect(root["e"]?.string == "xé\n")
            #expect(root["f"]?[0]?.bool == true)
            #expect(root["f"]?[2]?.isNull == true)
            #expect(root["f"]?[3] == nil)
            #expect(root["g"]?.count == 0)
            #expect(root["nothing"] == nil)
            var kinds: [JSONValue.Kind] = []
            root.forEachMember { _, value in kinds.append(value.kind) }
            return kinds
        }
        #expect(kinds == [.integer, .integer, .unsigned, .number, .string, .array, .object])
    }

    @Test(arguments: [
        ("", JSONError.malformed), ("{", .malformed), ("{\"a\":1}x", .malformed), ("nan", .malformed),
        ("[NaN]", .malformed), ("{\"a\":}", .malformed), ("[1,]", .malformed), ("\"\\ud800\"", .malformed),
        ("\"\\udc00\"", .malformed), ("\"\\ud800\\u0041\"", .malformed), ("[01]", .malformed), ("[1.]", .malformed),
        ("[-]", .malformed), ("[\"\u{1}\"]", .malformed), ("[18446744073709551616]", .numberOutOfRange),
        ("[-9223372036854775809]", .numberOutOfRange), ("[1e999]", .numberOutOfRange),
        ("[\"1.\",123456789012345678901234567890]", .numberOutOfRange),
    ])
    func badTextsAreRefusedWithTheirReason(text: String, error: JSONError) {
        #expect(throws: error) { try JSON(parsing: text) }
    }

    @Test func bytesThatAreNotUTF8AreRefused() {
        #expect(throws: JSONError.notUTF8) { try JSON(parsing: [0x22, 0xFF, 0x22]) }
        #expect(throws: JSONError.notUTF8) { try JSON(parsing: [0x22, 0xED, 0xA0, 0x80, 0x22]) }
    }

    @Test func depthAndSizeAreBounded() throws {
        let inside = String(repeating: "[", count: 63) + String(repeating: "]", count: 63)
        _ = try JSON(parsing: inside)
        let outside = String(repeating: "[", count: 65) + String(repeating: "]", count: 65)
        #expect(throws: JSONError.tooDeep) { try JSON(parsing: outside) }
        #expect(throws: JSONError.self) { try JSON(parsing: String(repeating: "[", count: 100_000)) }
        #expect(throws: JSONError.tooLarge) { try JSON(parsing: "[1,2,3]", byteCountMax: 6) }
        #expect(throws: JSONError.tooLarge) { try JSON(parsing: String(repeating: " ", count: (1 << 20) + 1)) }
    }

    @Test func ofDuplicateKeysTheFirstWins() throws {
        #expect(try JSON(parsing: #"{"a":1,"b":2,"a":3}"#) == ["a": 1, "b": 2])
        let first = try JSONParser().withParsed(#"{"a":1,"a":3}"#) { $0["a"]?.int64 }
        #expect(first == 1)
    }

    @Test func aLargeTextIsFollowedBySmallOnes() throws {
        let parser = JSONParser()
        let large = "[" + repeatElement("\"0123456789\"", count: 60_000).joined(separator: ",") + "]"
        #expect(try parser.withParsed(large) { $0.count } == 60_000)
        for _ in 0..<3 { #expect(try parser.withParsed("[1,2]") { $0.count } == 2) }
    }

    @Test func mutatedTextsNeverTrap() {
        var random = SplitMix(seed: 7)
        let seed = Array(
            #"{"a":[1,-2.5e3,"\u00e9\ud83d\ude00"],"b":{"c":null,"d":true,"e":18446744073709551615}}"#.utf8)
        let parser = JSONParser()
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0...random.next() % 4 {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            if random.next() % 4 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
            let value = bytes.withUnsafeBytes { bytes in (try? parser.parse(bytes)).map { JSON($0) } }
            guard let value else { continue }
            #expect((try? JSON(parsing: value.text)) == value)
        }
    }
}

/// Seeded randomness for the fuzz above.
struct SplitMix {
    var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
