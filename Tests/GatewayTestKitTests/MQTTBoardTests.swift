import Crypto
import FieldProtocols
import GatewayTestKit
import JSONText
import MQTT
import Testing

struct MQTTBoardTests {
    @Test func signedEnvelopesVerify() throws {
        var board = MQTTBoard(id: "signed-1", family: .signed, seed: 3)
        let parser = JSONParser()
        for round in 0..<20 {
            let publication = try #require(board.measure(wall: 1_768_487_400_123, monotonic: Int64(round)).first)
            #expect(publication.topic == "mycobrain/signed-1/envelope")
            try publication.payload.withUnsafeBytes { bytes in
                let integrity = try JSONEnvelope.verify(try parser.parse(bytes), publicKey: board.publicKey)
                #expect(integrity.signature == .valid)
            }
        }
    }

    @Test func repeatsAreTheSameMessage() {
        var board = MQTTBoard(id: "bridge-1", family: .bridge, repetition: 1)
        let twice = board.measure(wall: 0, monotonic: 0)
        #expect(twice.count == 2)
        #expect(twice[0].payload == twice[1].payload)
        #expect(board.made == 1)
    }
}
