import GatewayModel
import HTTPClient
import Testing

@testable import CloudSync

struct InfluxFormatTests {
    private let time = ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: true), monotonicMilliseconds: 0)

    private func record(
        _ readings: [Reading], seq: Int64 = 1_201, device: String? = "board-1",
        at milliseconds: Int64 = 1_768_487_400_123
    ) -> StoredRecord {
        StoredRecord(
            stream: .readings, seq: SequenceNumber(seq), device: device.flatMap { DeviceID($0) }, deviceSeq: nil,
            upstreamSeq: 1, messageID: nil, deviceTime: nil,
            received: ReceiveTime(
                wall: Timestamp(milliseconds: milliseconds, trusted: true), monotonicMilliseconds: 5),
            boot: "boot", deviceBoot: 0, source: .mqtt, flags: [], readings: readings, kind: nil, body: nil)
    }

    private func lines(_ record: StoredRecord) -> String {
        var bytes: [UInt8] = []
        _ = InfluxLines(gateway: "gw-1").render(record, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private func format() -> InfluxFormat {
        InfluxFormat(
            url: "http://x", target: .bucket("my bucket", organization: "a&b"), gatewayID: "gw-1", token: "secret")
    }

    private func batch(_ count: Int, linesEach: Int = 2) -> DeliveryBatch {
        let lines = Array(String(repeating: "m value=1 1\n", count: linesEach).utf8)
        return DeliveryBatch(
            stream: .readings,
            items: (0..<count).map {
                DeliveryItem(seq: SequenceNumber(Int64($0 + 1)), device: nil, bytes: lines[...], identity: [])
            }, gatewayID: "gw-1", epoch: "e1")
    }

    private func outcome(_ status: Int, _ body: String, _ count: Int = 4) -> PushOutcome {
        format().outcome(ClientAnswer(status: status, body: Array(body.utf8)), of: batch(count), at: time)
    }

    @Test func aDatabaseThatIsNotThereIsNamed() {
        #expect(
            outcome(404, #"{"error":"database not found: \"site\""}"#)
                == .misdirected(reason: #"HTTP 404: database not found: "site""#))
        #expect(
            outcome(404, "no such page") == .misdirected(reason: "HTTP 404: this is not the address of an InfluxDB"))
    }

    @Test func aReadingIsALineWithItsTypeAndTags() throws {
        let name = { (text: String) in try #require(MetricName(text)) }
        let text = lines(
            record([
                Reading(try name("bme688_a.temperature"), .number(22.5), unit: .celsius),
                Reading(try name("analog.ai1"), .number(3), unit: .volt, quality: .warn),
                Reading(try name("sys.door"), .flag(true)), Reading(try name("sys.mode"), .text("a \"b\"\\\n")),
            ]))
        #expect(
            text == """
                bme688_a.temperature,device=board-1,gateway=gw-1,quality=ok,unit=Cel value=22.5,seq=1201i 1768487400123120100
                analog.ai1,device=board-1,gateway=gw-1,quality=warn,unit=V value=3,seq=1201i 1768487400123120100
                sys.door,device=board-1,gateway=gw-1,quality=ok flag=true,seq=1201i 1768487400123120100
                sys.mode,device=board-1,gateway=gw-1,quality=ok text="a \\"b\\"\\\\ ",seq=1201i 1768487400123120100

                """)
    }

    @Test func whatWouldEndANameIsEscaped() throws {
        let metric = try #require(MetricName("a b,c=d\\"))
        let unit = try #require(Unit("x y,=\\"))
        let text = lines(record([Reading(metric, .number(1), unit: unit)], device: "d=1,2"))
        #expect(text.hasPrefix(#"a\ b\,c=d/,device=d\=1\,2,gateway=gw-1,quality=ok,unit=x\ y\,\=/ value=1,"#))
    }

    @Test func twoRecordsOfOneMillisecondAreTwoPointsAndARepeatIsTheSame() throws {
        let reading = Reading(MetricName(known: "sys.uptime"), .number(1))
        let first = lines(record([reading], seq: 7))
        #expect(first != lines(record([reading], seq: 8)))
        #expect(first == lines(record([reading], seq: 7)))
        let twice = lines(record([reading, reading])).split(separator: "\n")
        #expect(Set(twice).count == 2)
    }

    @Test(arguments: [Int64.max, .min, 9_300_000_000_000])
    func aTimeThatInfluxCannotHoldIsRefusedHere(milliseconds: Int64) {
        var bytes: [UInt8] = []
        let reading = Reading(MetricName(known: "sys.uptime"), .number(1))
        let rendering = InfluxLines(gateway: "g").render(record([reading], at: milliseconds), to: &bytes)
        #expect(rendering == .unfit("its time is out of InfluxDB's range"))
    }

    @Test func bothWriteInterfacesAreAddressed() {
        #expect(
            format().request(batch(1), at: time).url
                == "http://x/api/v2/write?org=a%26b&bucket=my%20bucket&precision=ns")
        let old = InfluxFormat(
            url: "http://x", target: .database("db", retentionPolicy: "week"), gatewayID: "g", token: "u:p")
        let request = old.request(batch(1), at: time)
        #expect(request.url == "http://x/write?db=db&rp=week&precision=ns")
        #expect(request.headers.contains(.init("Authorization", "Token u:p")))
    }

    @Test(arguments: [(1, 0), (2, 0), (3, 1), (4, 1), (8, 3)])
    func aPartialWriteOfVersion3NamesItsLines(line: Int, record: Int) {
        let body = """
            {"error":"partial write of line protocol occurred","data":[
            {"original_line":"m","line_number":\(line),"error_message":"bad column"}]}
            """
        let rejection = PushOutcome.Rejection(index: record, status: 400, reason: "bad column")
        #expect(outcome(400, body) == .rejected([rejection]))
    }

    @Test func aPartialWriteOfOlderVersionsIsSearchedUnlessEverythingWasDropped() {
        let some = #"{"error":"partial write: field type conflict: input field dropped=1"}"#
        guard case .condemned(400, _) = outcome(400, some) else {
            Issue.record("not searched")
            return
        }
        let all = #"{"error":"partial write: points beyond retention policy dropped=8"}"#
        guard case .rejected(let rejections) = outcome(400, all) else {
            Issue.record("not refused at once")
            return
        }
        #expect(rejections.map(\.index) == [0, 1, 2, 3])
    }

    @Test func otherAnswersMeanWhatTheySay() {
        #expect(outcome(204, "") == .accepted)
        for (status, isHeld) in [(401, true), (404, true), (302, true), (500, false), (503, false)] {
            if case .misdirected = outcome(status, "{}") {
                #expect(isHeld)
            } else {
                #expect(!isHeld)
            }
        }
        #expect(outcome(400, #"{"error":"partial write","data":[{"line_number":99}]}"#) != .accepted)
    }
}
