import Crypto
import FieldProtocols
import GatewayModel
import JSONText
import Testing

@Suite struct RecordsAsJSON {
    static let metric = MetricName(known: "bme688_a.temperature")

    static func record() -> StoredRecord {
        StoredRecord(
            stream: .readings, seq: SequenceNumber(1201), device: DeviceID("mycobrain-01"), deviceSeq: 12,
            upstreamSeq: 12, messageID: nil,
            deviceTime: Timestamp(milliseconds: 1_768_487_400_123, trusted: true),
            received: ReceiveTime(
                wall: Timestamp(milliseconds: 1_768_487_400_140, trusted: true), monotonicMilliseconds: 8_123_456),
            boot: "b7e1", deviceBoot: 3, source: .mqtt, flags: [],
            readings: [Reading(metric, .number(22.5), unit: .celsius)], kind: nil, body: nil)
    }

    private func line(_ record: StoredRecord) throws -> JSON {
        var renderer = RecordJSON(gateway: "gw-lab-1", epoch: "6f1c")
        let text = renderer.text(record)
        #expect(!text.contains("\n"))
        return try JSON(parsing: text)
    }

    @Test func aRecordIsTheLineOfTheContract() {
        var renderer = RecordJSON(gateway: "gw-lab-1", epoch: "6f1c")
        var record = Self.record()
        record.messageID = "c556918f-a570-5ef5-9af9-10e43de637ef"
        #expect(
            renderer.text(record) == #"{"seq":1201,"id":"gw-lab-1/6f1c/readings/1201","device":"mycobrain-01","#
                + #""device_seq":12,"msg_id":"c556918f-a570-5ef5-9af9-10e43de637ef","time":"2026-01-15T14:30:00.123Z","#
                + #""time_trusted":true,"time_source":"device","received":"2026-01-15T14:30:00.140Z","boot":"b7e1","#
                + #""mono_ms":8123456,"source":"mqtt","#
                + #""readings":[{"id":"bme688_a.temperature","v":22.5,"u":"Cel","q":"ok"}],"flags":[],"device_boot":3}"#
        )
    }

    @Test func aMessageIDIsDerivedFromTheIdentityWhenTheDeviceSentNone() throws {
        let derived = try #require(
            UUIDText.v5(namespace: UUIDText.recordNamespace, name: "gw-lab-1/6f1c/readings/1201"))
        #expect(try line(Self.record())["msg_id"]?.string == derived)
        let identity = RecordIdentity(gateway: "gw-lab-1", epoch: "6f1c")
        #expect(identity.messageID(of: Self.record()) == derived)
        #expect(identity.id(of: .readings, SequenceNumber(1201)) == "gw-lab-1/6f1c/readings/1201")
    }

    @Test func aTimeNobodyVouchesForIsNotTheTimeOfTheRecord() throws {
        var record = Self.record()
        record.deviceTime = Timestamp(milliseconds: 5_000, trusted: false)
        record.received.wall.trusted = false
        record.flags = [.clockUntrusted, .repaired, .seqAssigned]
        record.deviceSeq = nil
        let value = try line(record)
        #expect(value["time"] == "2026-01-15T14:30:00.140Z")
        #expect(value["time_source"] == "gateway")
        #expect(value["time_trusted"] == false)
        #expect(value["device_time"] == "1970-01-01T00:00:05.000Z")
        #expect(value["flags"] == ["repaired", "clock_untrusted"])
        #expect(value["device_seq"]?.isNull == true)
    }

    @Test func valuesOfEveryKindArePrinted() throws {
        var record = Self.record()
        let odd = try #require(MetricName("odd\"name\\é"))
        record.messageID = "a\"b\n"
        record.readings = [
            Reading(odd, .text("x\n\"é"), unit: .none, quality: .stale),
            Reading(Self.metric, .flag(true), quality: .bad),
            Reading(Self.metric, .number(1013), unit: .hectopascal, quality: .warn),
            Reading(Self.metric, .number(1e-7), quality: .old),
        ]
        let value = try line(record)
        #expect(value["msg_id"] == "a\"b\n")
        #expect(value["readings"]?[0] == ["id": "odd\"name\\é", "v": "x\n\"é", "u": "", "q": "stale"])
        #expect(value["readings"]?[1]?["v"] == true)
        #expect(value["readings"]?[2]?["v"] == 1013)
        #expect(value["readings"]?[3]?["v"] == .number(1e-7))
    }

    @Test func notesAndGapsAreLinesToo() throws {
        var record = Self.record()
        record.stream = .events
        record.kind = "sequence_gap"
        record.body = #"{"from":3,"to":5}"#
        let note = try line(record)
        #expect(note["id"] == "gw-lab-1/6f1c/events/1201")
        #expect(note["kind"] == "sequence_gap")
        #expect(note["body"] == ["from": 3, "to": 5])
        record.device = nil
        record.body = "no\njson"
        #expect(try line(record)["body"] == ["text": "no\njson"])
        #expect(try line(record)["device"]?.isNull == true)
        var bytes: [UInt8] = []
        RecordJSON(gateway: "g", epoch: "e").append(
            StreamGap(from: SequenceNumber(5), to: SequenceNumber(9), count: 4, reason: "evicted"), to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self) == #"{"gap":{"from":5,"to":9,"count":4,"reason":"evicted"}}"#)
    }

    @Test func linesAreAppendedBehindEachOther() throws {
        var renderer = RecordJSON(gateway: "g", epoch: "e")
        var bytes: [UInt8] = []
        for _ in 0..<2 {
            renderer.append(Self.record(), to: &bytes)
            bytes.append(0x0A)
        }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[0] == lines[1])
    }
}
