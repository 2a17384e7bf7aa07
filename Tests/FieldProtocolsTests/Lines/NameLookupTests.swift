import Testing

@testable import FieldProtocols

@Suite struct NameLookupTests {
    private let names = [
        "t", "rh", "gas", "temp", "temperature", "tempXXXture", "gas_1", "gas_2", "a_rather_long_name",
    ]

    private func find(_ key: String, ignoringCase: Bool) -> Int? {
        let lookup = NameLookup(names.enumerated().map { ($0.element, $0.offset) }, ignoringCase: ignoringCase)
        return Array(key.utf8).withUnsafeBufferPointer { lookup.value(of: $0) }
    }

    @Test func eachNameIsFoundAndNothingElse() {
        for (index, name) in names.enumerated() {
            #expect(find(name, ignoringCase: false) == index)
            #expect(find(name + "s", ignoringCase: false) == nil)
            #expect(find(String(name.dropLast()), ignoringCase: false) == nil)
        }
        // As long, and the same at both ends.
        for key in ["tempYYYture", "a_rather_lo__name", "a_rather_LONG_name", "", "\0", "gas\0", "gas_3"] {
            #expect(find(key, ignoringCase: false) == nil, "\(key)")
        }
    }

    @Test func upperCaseIsTheSameOnlyWhereItIsSaid() {
        #expect(find("TempErature", ignoringCase: true) == 4)
        #expect(find("RH", ignoringCase: true) == 1)
        #expect(find("RH", ignoringCase: false) == nil)
        // No letter: 0x5F is '_', 0x7F what the bit for the case makes of it; '1' without it is 0x11.
        #expect(find("gas\u{7F}1", ignoringCase: true) == nil)
        #expect(find("gas_\u{11}", ignoringCase: true) == nil)
    }
}
