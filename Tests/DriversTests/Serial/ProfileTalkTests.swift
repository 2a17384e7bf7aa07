import FieldProtocols
import GatewayModel
import GatewayTestKit
import Testing

@testable import Drivers

/// A port may be opened while its device is in the middle of a line.
@Suite struct ProfileTalks {
    private func talk(_ profile: Profile) throws -> ProfileTalk {
        let id = try #require(DeviceID("on-a-port"))
        return ProfileTalk(device: try #require(DeviceName(id)), profile: profile)
    }

    @Test func aWholeFrameWithoutReadingsIsTold() throws {
        let yaml = """
            name: acme-t1
            vendor: ACME
            model: T1
            kind: binary
            binary:
              frame: {start: "AA", end: "AB", length: 4}
              fields:
                - {at: 8, type: u16, metric: level}
            """
        var talk = try talk(ProfileDocument.read(Array(yaml.utf8), file: "profile.yaml").get())
        var batch = ObservationBatch()
        let now = ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: false), monotonicMilliseconds: 0)
        let frame: [UInt8] = [0xAA, 1, 2, 0xAB]
        let outcomes = frame.withUnsafeBytes { talk.received($0, at: now, into: &batch) }
        guard case .damaged("no_readings", byteCount: 4)? = outcomes.first else {
            Issue.record("\(outcomes)")
            return
        }
        #expect(talk.counters.damaged == 1 && talk.counters.messages == 0 && batch.readings.isEmpty)
    }

    @Test func aLineThatNoRuleIsForIsKeptAFewTimes() throws {
        let read = ProfileLibrary.read(folder: "\(Vectors.packageRoot)/drivers/maxbotix-hrxl")
        var talk = try talk(read.get())
        var batch = ObservationBatch()
        func hear(_ text: String, at milliseconds: Int64) {
            let time = ReceiveTime(
                wall: Timestamp(milliseconds: milliseconds, trusted: true), monotonicMilliseconds: milliseconds)
            _ = Array(text.utf8).withUnsafeBytes { talk.received($0, at: time, into: &batch) }
        }
        hear("garbage\r-----BEGIN PRIVATE KEY-----\rMIIE\r-----END PRIVATE KEY-----\r", at: 1_000)
        #expect(batch.notes.map(\.body) == [#"{"text":"garbage"}"#])
        for _ in 0..<100 { hear("garbage\r", at: 2_000) }
        #expect(batch.notes.count == 20 && talk.counters.withheldLines == 84)
    }

    /// The values of what is heard so many milliseconds after the port was opened, with their qualities.
    private func heard(_ profile: String, _ pieces: [(milliseconds: Int64, text: String)]) throws -> [String] {
        let read = ProfileLibrary.read(folder: "\(Vectors.packageRoot)/drivers/\(profile)")
        var talk = try talk(read.get())
        func time(_ milliseconds: Int64) -> ReceiveTime {
            ReceiveTime(
                wall: Timestamp(milliseconds: 1_777_889_730_000 + milliseconds, trusted: true),
                monotonicMilliseconds: 60_000 + milliseconds)
        }
        var batch = ObservationBatch()
        _ = talk.opened(time(0))
        for (milliseconds, text) in pieces {
            _ = Array(text.utf8).withUnsafeBytes { talk.received($0, at: time(milliseconds), into: &batch) }
        }
        return batch.readings.map { "\($0.value) \($0.quality)" }
    }

    @Test func aNumberThatMayHaveLostItsFirstDigitsIsDoubted() throws {
        #expect(try heard("atlas-ezo-rtd", [(100, "5.104\r25.2\r")]) == ["number(5.104) warn", "number(25.2) ok"])
        // Begun in time, ended whenever.
        #expect(try heard("atlas-ezo-rtd", [(100, "5.1"), (2_000, "04\r")]) == ["number(5.104) warn"])
    }

    @Test func whatCannotBeCutOrBeginsLaterIsNotDoubted() throws {
        #expect(try heard("maxbotix-hrxl", [(100, "R1234\r")]) == ["number(1234.0) ok"])
        #expect(try heard("atlas-ezo-rtd", [(600, "25.104\r")]) == ["number(25.104) ok"])
        #expect(
            try heard("gill-windsonic", [(100, "\u{2}Q,229,002.74,M,00,\u{3}16\r\n")]).prefix(2)
                == ["number(229.0) ok", "number(2.74) ok"])
        // The rest of a line that no rule knows makes no reading, and the line after it is whole.
        #expect(try heard("atlas-ezo-rtd", [(100, "104\r25.104\r")]) == ["number(25.104) ok"])
    }
}
