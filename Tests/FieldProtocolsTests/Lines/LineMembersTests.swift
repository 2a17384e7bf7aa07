import GatewayTestKit
import JSONText
import Testing

@testable import FieldProtocols

@Suite struct LineMembersTests {
    private func members<R>(_ text: String, _ body: (LineMembers) throws -> R) throws -> R {
        let parser = JSONParser(byteCountMax: 4096)
        return try Array(text.utf8).withUnsafeBytes { try body(LineMembers(try parser.parse($0))) }
    }

    @Test func eachMemberIsFoundUnderTheNameThatFirmwareHasForIt() throws {
        let keys = LineMembers.Key.allCases
        let text = keys.map { #""other_\#($0.rawValue)":[1,{"type":2}],"\#($0.name)":\#($0.rawValue)"# }
        try members("{" + text.joined(separator: ",") + "}") { members in
            for key in keys { #expect(members[key]?.int64 == Int64(key.rawValue), "\(key.name)") }
        }
        #expect(LineMembers.Key.i2cAddresses.name == "i2c_addresses")
        #expect(LineMembers.Key.bme688Count.name == "bme688_count")
        #expect(LineMembers.Key.tMs.name == "t_ms")
    }

    @Test func theFirstOfTwoCountsAndOneThatIsMissingIsNotThere() throws {
        try members(#"{"seq":1,"seq":2,"SEQ":3,"data":{"ts":4}}"#) { members in
            #expect(members[.seq]?.int64 == 1)
            #expect(members[.ts] == nil)
        }
        try members(#"{"Type":"x"}"#) { #expect($0[.type] == nil) }
    }

    @Test func membersOfAnInnerObjectStandWhereItStands() throws {
        try members(#"{"a":[1,2,3],"data":{"b":[1],"ts":4}}"#) { members in
            let inner = try #require(members[.data])
            #expect(LineMembers(inner)[.ts]?.int64 == 4)
        }
    }
}
