import JSONText
import Testing

@Suite struct JSONWriting {
    @Test(
        arguments: [
            (22.5, "22.5"), (22.0, "22.0"), (0.0, "0.0"), (-0.0, "-0.0"), (1e-07, "1e-07"), (1e16, "1e+16"),
            (1e15, "1000000000000000.0"), (9_007_199_254_740_992, "9007199254740992.0"), (0.0001, "0.0001"),
            (0.00012345, "0.00012345"), (0.00001, "1e-05"), (1.5e-9, "1.5e-09"), (1e100, "1e+100"),
            (1.797_693_134_862_315_7e308, "1.7976931348623157e+308"), (.leastNonzeroMagnitude, "5e-324"), (0.1, "0.1"),
            (1.0 / 3, "0.3333333333333333"),
            (123_456.789, "123456.789"), (-1013.25, "-1013.25"), (22.399_999_618_530_273, "22.399999618530273"),
            (12_345_678_901_234_568, "1.2345678901234568e+16"), (9_999_999_999_999_998, "9999999999999998.0"),
            (123_456_789_012_345.6, "123456789012345.6"), (0.3, "0.3"), (0.1 + 0.2, "0.30000000000000004"),
            (2.5e-4, "0.00025"), (100, "100.0"), (1e-4, "0.0001"), (999_999_999_999_999, "999999999999999.0"),
        ] as [(Double, String)])
    func numbersArePrintedAsPythonDoes(value: Double, text: String) {
        #expect(JSON.number(value).text == text)
    }

    @Test func shortNumbersDropThePointOfIntegralValues() {
        var writer = JSONWriter()
        writer.beginArray()
        for value in [22.0, 22.5, -3, 0, 9_007_199_254_740_992, 1e16, 1e-7, .nan, .infinity] {
            writer.shortNumber(value)
        }
        writer.endArray()
        #expect(writer.text == "[22,22.5,-3,0,9007199254740992,1e+16,1e-07,null,null]")
    }

    @Test func everyPrintedNumberReadsBackTheSame() throws {
        var random = SplitMix(seed: 11)
        for round in 0..<50_000 {
            let bits = random.next()
            let value = round % 2 == 0 ? Double(bitPattern: bits) : Double(Int64(bitPattern: bits) >> 24) / 1000
            guard value.isFinite else { continue }
            var bytes: [UInt8] = []
            NumberText.append(value, to: &bytes)
            #expect(Double(String(decoding: bytes, as: UTF8.self)) == value)
        }
    }

    @Test func integersOfEveryWidthArePrinted() {
        let value: JSON = [.integer(.min), .integer(.max), .unsigned(.max), 0, -1, 10, 100]
        #expect(value.text == "[-9223372036854775808,9223372036854775807,18446744073709551615,0,-1,10,100]")
    }

    @Test func controlCharactersAreEscapedAndTheRestIsNot() {
        #expect(
            JSON.string("a\"\\\n\r\t\u{8}\u{C}\u{1}\u{1F}é\u{2028}😀").text
                == #""a\"\\\n\r\t\b\f\u0001\u001f"# + "é\u{2028}😀\"")
    }

    @Test func canonicalTextSortsAndEscapesAsPythonDoes() {
        let value: JSON = [
            "b": 22, "a": [1.0, 22.5, "é😀\u{7F}/"], "Z": ["y": .null, "x": true], "é": 1, "z": 1e-7, "\u{FF5E}": 2,
            "😀": 3,
        ]
        #expect(
            value.pythonCanonicalText == #"{"Z":{"x":true,"y":null},"a":[1.0,22.5,"\u00e9\ud83d\ude00\u007f/"],"#
                + #""b":22,"z":1e-07,"\u00e9":1,"\uff5e":2,"\ud83d\ude00":3}"#)
    }

    @Test func theWriterPutsItsCommas() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("a")
        writer.beginArray()
        writer.integer(1)
        writer.beginObject()
        writer.endObject()
        writer.raw(#"{"x":1}"#)
        writer.endArray()
        writer.key("b")
        writer.null()
        writer.endObject()
        writer.newline()
        writer.bool(true)
        #expect(writer.text == "{\"a\":[1,{},{\"x\":1}],\"b\":null}\ntrue")
    }

    @Test func membersCanBeReplacedAddedAndRemoved() {
        var value: JSON = ["a": 1, "b": 2]
        value["a"] = "x"
        value["c"] = nil
        value["b"] = nil
        value["d"] = [1]
        #expect(value == ["a": "x", "d": [1]])
        #expect(value["d"]?[0]?.int == 1)
    }
}
