import Crypto
import GatewayTestKit
import JSONText
import Testing

@testable import FieldProtocols

@Suite struct MDPFrameTests {
    @Test(arguments: MDPVectors.valid)
    func everyValidVectorIsUnderstood(vector: Vector) throws {
        for key in ["wire_hex", "alternate_canonical_wire_hex"] where vector[key] != nil {
            let events = HeardEvent.all(of: MDPVectors.wire(vector, key))
            try #require(events.count == 1)
            guard case .frame(let header, let payload, let at) = events[0] else {
                Issue.record("\(events)")
                return
            }
            let expected = try #require(vector["expected"])
            #expect(at == 0)
            #expect(Int64(header.type.rawValue) == expected["msg_type"]?.int64)
            #expect(header.type.name == expected["msg_type_name"]?.string)
            #expect(Int64(header.seq) == expected["seq"]?.int64)
            #expect(Int64(header.ack) == expected["ack"]?.int64)
            #expect(Int64(header.flags.rawValue) == expected["flags"]?.int64)
            #expect(Int64(header.source.rawValue) == expected["src"]?.int64)
            #expect(Int64(header.destination.rawValue) == expected["dst"]?.int64)
            #expect(Int64(header.reserved) == expected["rsv"]?.int64)
            #expect(Hex.encode(payload) == expected["payload_hex"]?.string)
        }
    }

    @Test(arguments: MDPVectors.valid)
    func encodingGivesTheFirmwareBytesAgain(vector: Vector) throws {
        let wire = MDPVectors.wire(vector)
        guard case .frame(let header, let payload, _) = HeardEvent.all(of: wire).first else {
            Issue.record("no frame")
            return
        }
        #expect(MDPEncoder.encode(header, payload: payload) == wire)
    }

    @Test(arguments: MDPVectors.hazards)
    func newlinesInFramesAreSeenWhereTheVectorsHaveThem(vector: Vector) throws {
        let wire = MDPVectors.wire(vector)
        let offsets = wire.indices.filter { wire[$0] == 0x0A || wire[$0] == 0x0D }.map { Int64($0) }
        #expect(offsets == vector["hazard_offsets"]?.array?.compactMap(\.int64))
        guard case .frame(let header, let payload, _) = HeardEvent.all(of: wire).first else {
            Issue.record("no frame")
            return
        }
        let safe = try #require(MDPEncoder.encodeAvoidingNewlines(header, payload: payload))
        #expect(!safe.wire.contains(0x0A) && !safe.wire.contains(0x0D))
        if offsets.isEmpty { #expect(safe.wire == wire) }
    }

    @Test func blockedNumbersAreSkippedAsTheTableSays() {
        let payload = Array("{\"cmd\":\"hello\",\"params\":{}}".utf8)
        func used(_ seq: UInt32) -> UInt32? {
            let header = MDPHeader(
                type: .command, seq: seq, flags: .ackRequested, source: .gateway, destination: .sideA)
            return MDPEncoder.encodeAvoidingNewlines(header, payload: payload)?.seq
        }
        #expect(used(10) == 11)
        #expect(used(13) == 14)
        #expect(used(2560) == 2816)
        #expect(used(0x0A0D_0A0D) == 0x0B00_0000)
        #expect(used(0x0D0D_0D0D) == 0x0E00_0000)
        #expect(used(.max) != nil)
    }

    @Test func noCommandIsEverLostToANewline() throws {
        var hazards = 0
        for seq in UInt32(1)...2000 {
            let header = MDPHeader(
                type: .command, seq: seq, flags: .ackRequested, source: .gateway, destination: .sideA)
            let payload = Array("{\"cmd\":\"read_sensors\",\"params\":{}}".utf8)
            if MDPEncoder.encode(header, payload: payload).contains(where: { $0 == 10 || $0 == 13 }) { hazards += 1 }
            let safe = try #require(MDPEncoder.encodeAvoidingNewlines(header, payload: payload))
            #expect(!safe.wire.contains(where: { $0 == 10 || $0 == 13 }))
            guard case .frame(let back, let text, _) = HeardEvent.all(of: safe.wire).first else {
                Issue.record("no frame")
                return
            }
            #expect(back.seq == safe.seq)
            #expect(text.starts(with: payload) && text.dropFirst(payload.count).allSatisfy { $0 == 0x20 })
        }
        // Measured with the firmware's own encoder (vectors, newline_hazard).
        #expect(hazards == 45)
    }

    @Test func lineBreaksBetweenTokensBecomeSpaces() throws {
        let header = MDPHeader(type: .command, seq: 30, source: .gateway, destination: .sideA)
        let safe = try #require(MDPEncoder.encodeAvoidingNewlines(header, payload: Array("{\r\n}".utf8)))
        guard case .frame(_, let payload, _) = HeardEvent.all(of: safe.wire).first else {
            Issue.record("no frame")
            return
        }
        #expect(String(decoding: payload, as: UTF8.self).hasPrefix("{  }"))
    }

    @Test func aPayloadNoBoardCouldHoldIsRefused() {
        let header = MDPHeader(type: .command, seq: 1, source: .gateway, destination: .sideA)
        #expect(MDPEncoder.encodeAvoidingNewlines(header, payload: [UInt8](repeating: 0x20, count: 1007)) == nil)
    }
}
