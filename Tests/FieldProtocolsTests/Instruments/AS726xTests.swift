import GatewayModel
import GatewayTestKit
import JSONText
import Testing

@testable import FieldProtocols

@Suite struct AS726xTests {
    @Test func theTriadSessionGivesTheChannelsOfTheVector() throws {
        let (lines, isGood) = CaptureDecoderTests.decode(try Vectors.bytes("instruments/as7265x-session.txt"), .as726x)
        #expect(isGood)
        let expected = try JSON(parsing: try Vectors.bytes("instruments/as7265x-expected.json"))
        let raw = try #require(lines.first { $0["command"] == "ATDATA" })
        #expect(raw["sensor"] == "AS7265x")
        #expect(raw["raw"] == expected["raw"])
        #expect(raw["sorted_by_nm"] == expected["sorted_by_nm"])
        let calibrated = try #require(lines.first { $0["command"] == "ATCDATA" }?["calibrated"]?.members)
        for member in calibrated {
            #expect(member.value.double == expected["calibrated"]?[member.key]?.double)
        }
        #expect(calibrated.count == 18)
        #expect(lines.count == 15)
        #expect(lines.first { $0["command"] == "ATVERSW" }?["value"] == "12.1.0")
        #expect(lines.first { $0["command"] == "ATTEMP" }?["values"] == [29, 31, 30])
        #expect(lines.last?["reply"] == "ERROR")
    }

    @Test func theWireOrderIsThatOfTheVector() throws {
        let expected = try JSON(parsing: try Vectors.bytes("instruments/as7265x-expected.json"))
        let order = try #require(expected["wire_order"]?.array)
        let channels = AS726xSensor.as7265x.channels
        #expect(channels.map { String($0.letter) } == order.compactMap { $0["channel"]?.string })
        #expect(channels.map(\.nanometres) == order.compactMap { $0["nm"]?.int })
        for (sensor, key) in [(AS726xSensor.as7263, "as7263_channels"), (.as7262, "as7262_channels")] {
            for channel in sensor.channels {
                #expect(expected[key]?[String(channel.letter)]?.int == channel.nanometres)
            }
        }
        for (code, factor) in AS726xGain.factors.enumerated() {
            #expect(expected["gain"]?[String(code)]?.double == factor)
        }
    }

    @Test func theSmallSensorsAreToldApartByCountAndHardware() throws {
        let session = try Vectors.bytes("instruments/as7263-session.txt")
        let (lines, isGood) = CaptureDecoderTests.decode(session, .as726x)
        #expect(isGood)
        #expect(
            lines.first { $0["command"] == "ATDATA" }?["raw"] == [
                "R": 150, "S": 132, "T": 99, "U": 81, "V": 60, "W": 44,
            ])
        #expect(lines.first { $0["command"] == "ATDATA" }?["sensor"] == "AS7263")
        let visible = Array("host> ATVERHW\ndev< 0x403E OK\nhost> ATDATA\ndev< 1, 2, 3, 4, 5, 6 OK\n".utf8)
        let (other, _) = CaptureDecoderTests.decode(visible, .as726x)
        #expect(other.last?["sensor"] == "AS7262")
        #expect(other.last?["sorted_by_nm"] == [[450, 1], [500, 2], [550, 3], [570, 4], [600, 5], [650, 6]])
    }

    @Test(arguments: [
        ("AT\nOK\n", [String]()), ("AT\r\nOK\r\nATGAIN\r\n3 OK\r\n", []),
        ("ATDATA\n1, 2, 3 OK\n", ["wrong_value_count"]),
        ("ATDATA\n1, 2, x, 4, 5, 6 OK\n", ["bad_number"]), ("OK\n", ["unexpected_reply"]), ("AT\n", ["no_reply"]),
        ("AT\nGARBAGE\n", ["unknown_reply"]), ("AT\nAT\nOK\n", []), ("AT\nATGAIN\n2 OK\n", ["no_reply"]),
        ("", ["no_reply"]), ("ATDATA\n1, 2, 3, 4, 5, 'b110 OK\n", []),
        ("ATDATA\n1, nan, 3, 4, 5, 6 OK\n", ["bad_number"]),
    ])
    func everyLineIsAnswerOrHasItsError(session: String, errors: [String]) {
        let (lines, isGood) = CaptureDecoderTests.decode(Array(session.utf8), .as726x)
        #expect(lines.compactMap { $0["error"]?.string } == errors)
        #expect(isGood == errors.isEmpty)
    }

    @Test func linesOfSketchesAreReadInTheOrderOfTheirHeader() throws {
        let values = (1...18).map { "\($0).5" }.joined(separator: ",")
        let sorted = "A,B,C,D,E,F,G,H,R,I,S,J,T,U,V,W,K,L\n\(values),\n"
        let (lines, isGood) = CaptureDecoderTests.decode(Array(sorted.utf8), .as726x)
        #expect(isGood)
        let inOrder = try #require(lines.first?["sorted_by_nm"]?.array).compactMap { $0[1]?.double }
        #expect(inOrder == (1...18).map { Double($0) + 0.5 })
        let byDie = "A,B,C,D,E,F,G,H,I,J,K,L,R,S,T,U,V,W\n\(values)\n"
        let (other, _) = CaptureDecoderTests.decode(Array(byDie.utf8), .as726x)
        #expect(other.first?["calibrated"]?["R"] == 13.5)
        #expect(other.first?["calibrated"]?["W"] == 18.5)
        let small = "Reading: R[1.5] S[2] T[3] U[4] V[5] W[6] tempF[77.0]\n"
        let (named, _) = CaptureDecoderTests.decode(Array(small.utf8), .as726x)
        #expect(named.first?["sensor"] == "AS7263")
        #expect(named.first?["temperature_c"] == 25)
    }

    @Test func aResetThatAnswersErrorHasWorked() throws {
        var dialogue = AS726xDialogue()
        dialogue.ask(.reset)
        var answer = try Array("ERROR".utf8).withUnsafeBytes { try dialogue.answer($0) }
        #expect(answer.1 == .done)
        dialogue.ask(.setGain(code: 2))
        answer = try Array("ERROR".utf8).withUnsafeBytes { try dialogue.answer($0) }
        #expect(answer.1 == .refused)
        #expect(throws: AS726xReply.Failure.unexpectedReply) {
            try Array("OK".utf8).withUnsafeBytes { _ = try dialogue.answer($0) }
        }
    }

    @Test func aVersionThatIsNoNumberIsAnAnswerStill() throws {
        var dialogue = AS726xDialogue()
        dialogue.ask(.hardwareVersion)
        let unknown = try Array("rev. B OK".utf8).withUnsafeBytes { try dialogue.answer($0) }
        #expect(unknown.1 == .text("rev. B"))
        dialogue.ask(.hardwareVersion)
        let bare = try Array("3E3E OK".utf8).withUnsafeBytes { try dialogue.answer($0) }
        #expect(bare.1 == .values && dialogue.numbers == [0x3E3E])
        dialogue.ask(.gain)
        #expect(throws: AS726xReply.Failure.badNumber) {
            try Array("3F3F OK".utf8).withUnsafeBytes { _ = try dialogue.answer($0) }
        }
    }

    @Test func argumentsOutOfRangeAreNoCommands() {
        let good: [AS726xCommand] = [
            .setIntegration(steps: 1), .setIntegration(steps: 255), .setGain(code: 3), .setMode(0),
            .led(line: 5, isOn: true), .ledCurrent(die: "D", register: 0x10),
        ]
        let bad: [AS726xCommand] = [
            .setIntegration(steps: 0), .setIntegration(steps: 256), .setGain(code: 4), .setMode(-1),
            .led(line: 2, isOn: true), .ledCurrent(die: "X", register: 0), .setInterval(256),
        ]
        #expect(good.allSatisfy(\.isValid) && !bad.contains(where: \.isValid))
        #expect(AS726xCommand.ledCurrent(die: "C", register: 0x10).text == "ATLEDC=0x10")
        #expect(AS726xIntegration.steps(milliseconds: 180) == 64)
        #expect(AS726xIntegration.steps(milliseconds: 715) == 255 && AS726xIntegration.steps(milliseconds: 716) == nil)
    }

    @Test func theChannelsOfAnAS7341AreThoseOfTheVector() throws {
        let expected = try #require(try JSON(parsing: try Vectors.bytes("instruments/as7265x-expected.json"))["as7341"])
        let line =
            #"{"F1":1,"F2":2,"F3":3,"F4":4,"F5":5,"F6":6,"F7":7,"F8":8,"CLEAR":9,"NIR":1000,"gain":9,"atime":0,"astep":999}"#
        let (lines, isGood) = CaptureDecoderTests.decode(Array(line.utf8), .as7341)
        #expect(isGood)
        let sorted = try #require(lines.first?["sorted_by_nm"]?.array).compactMap { $0[0]?.double }
        #expect(sorted == (expected.members ?? []).compactMap { $0.value.double })
        #expect(lines.first?["clear"] == 9 && lines.first?["gain"] == 256)
        #expect(lines.first?["integration_ms"] == 2.78 && lines.first?["saturated"] == true)
    }
}
