import GatewayModel
import GatewayTestKit
import Testing

@testable import Journal

private func roundTrip(_ values: [Reading.Value]) -> (values: [Reading.Value], size: Int) {
    let metric = MetricName(known: "m")
    var bytes: [UInt8] = []
    ValuePacking.append(values.map { Reading(metric, $0) }[...], to: &bytes)
    var unpacked: [Reading.Value] = []
    let isWhole = bytes.withUnsafeBytes { raw in
        var reader = ByteReader(raw)
        return ValuePacking.unpack(values.count, from: &reader) { _, value in unpacked.append(value) } && reader.isAtEnd
    }
    return isWhole ? (unpacked, bytes.count) : ([], bytes.count)
}

private func bits(_ value: Reading.Value) -> String {
    if case .number(let number) = value { "\(number.bitPattern)" } else { "\(value)" }
}

@Test func everyNumberComesBackBitForBit() {
    var random = SeededRandom(seed: 7)
    var values: [Reading.Value] = [
        0.0, -0.0, 1, -1, 0.1, -0.1, 21.7, 1e300, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -273.15,
        0.30000000000000004,
        281_474_976_710_655, 281_474_976_710_656, 9_007_199_254_740_992, Double(Float(21.7)), 1e-9, 1e-10,
        4_294_967_295,
        .infinity, -.infinity, .nan, .pi,
    ].map { .number($0) }
    for _ in 0..<20_000 {
        values.append(.number(Double(bitPattern: random.next())))
        values.append(.number(Double(Float(bitPattern: UInt32(truncatingIfNeeded: random.next())))))
        let scale = [1.0, 10, 100, 1_000, 1e4, 1e6, 1e9][random.integer(in: 0...6)]
        values.append(.number(Double(random.integer(in: -10_000_000...10_000_000)) / scale))
    }
    let back = roundTrip(values).values
    #expect(back.count == values.count)
    let firstWrong = zip(values, back).first { bits($0) != bits($1) }
    #expect(firstWrong == nil, "\(String(describing: firstWrong))")
}

@Test func flagsAndTextsComeBack() {
    let values: [Reading.Value] = [.flag(true), .flag(false), .text(""), .text("grüß\u{0}gott \u{1F344}"), .number(1)]
    #expect(roundTrip(values).values == values)
}

@Test func usualSensorValuesTakeFewBytes() {
    // Half a byte of tag each, and two or three bytes of value.
    #expect(roundTrip([.number(22.53), .number(45.12), .number(1013.25), .number(123_456)]).size <= 2 + 2 + 2 + 3 + 3)
}

@Test func damagedBytesAreNeverOverRead() {
    var random = SeededRandom(seed: 11)
    for _ in 0..<20_000 {
        let bytes = random.bytes(random.integer(in: 0...24))
        bytes.withUnsafeBytes { raw in
            var values = ByteReader(raw)
            _ = ValuePacking.unpack(random.integer(in: 0...20), from: &values) { _, _ in }
            var head = ByteReader(raw)
            _ = RecordHead(&head, base: TimeOrigin(wall: 0))
            DeviceSnapshot.read(raw, before: 100) { _, _ in true }
        }
    }
}

@Test func recordHeadsComeBack() {
    var random = SeededRandom(seed: 3)
    let text = Array("an id of its own".utf8)
    for _ in 0..<5_000 {
        let wall = Int64(random.integer(in: -1_000_000...2_000_000_000_000))
        var head = RecordHead(
            received: ReceiveTime(
                wall: Timestamp(milliseconds: wall, trusted: random.chance(0.5)),
                monotonicMilliseconds: Int64(random.integer(in: 0...10_000_000_000))),
            source: UInt8(random.integer(in: 0...12)))
        head.device = UInt32(random.integer(in: 0...70_000))
        head.gatewayBoot = UInt32(random.integer(in: 0...2))
        head.flags = RecordFlags(rawValue: UInt32(random.integer(in: 0...2_047)))
        head.deviceBoot = UInt32(random.integer(in: 0...300))
        head.number = random.chance(0.5) ? UInt32(truncatingIfNeeded: random.next()) : nil
        head.uptime = random.chance(0.5) ? UInt32(truncatingIfNeeded: random.next()) : nil
        head.isNote = random.chance(0.5)
        if random.chance(0.5) {
            head.deviceTime = Timestamp(
                milliseconds: wall + Int64(random.integer(in: -90_000...10)), trusted: random.chance(0.5))
        }
        switch random.integer(in: 0...3) {
        case 0: head.identity = .none
        case 1: head.identity = .uuid(random.next(), random.next())
        case 2: head.identity = .text(3..<text.count)
        default: head.identity = .payload(random.next())
        }
        let base = TimeOrigin(wall: 1_700_000_000_000, bootOffsets: [0, 1_700_000_000_000, -5])
        var bytes: [UInt8] = []
        text.withUnsafeBytes { head.append(to: &bytes, base: base, text: $0) }
        bytes.withUnsafeBytes { raw in
            var reader = ByteReader(raw)
            var back = RecordHead(&reader, base: base)
            #expect(!reader.isBroken && reader.isAtEnd)
            #expect(RecordHead.device(raw) == head.device)
            if case .text(let range) = back.identity {
                #expect(Array(raw[range]) == Array(text[3...]))
                back.identity = head.identity
            }
            #expect(back == head)
        }
    }
}

@Test func canonicalIdsBecomeSixteenBytesAndOthersStayText() {
    func packed(_ text: String) -> MessageIdentity? {
        var text = text
        return text.withUTF8 { MessageIdentity.uuid(UnsafeRawBufferPointer($0)) }
    }
    guard case .uuid(let high, let low)? = packed("c556918f-a570-5ef5-9af9-10e43de637ef") else {
        Issue.record("a canonical UUID is packed")
        return
    }
    #expect(MessageIdentity.text(high, low) == "c556918f-a570-5ef5-9af9-10e43de637ef")
    for text in [
        "C556918F-A570-5EF5-9AF9-10E43DE637EF", "c556918fa5705ef59af910e43de637ef", "",
        "c556918f-a570-5ef5-9af9-10e43de637eg",
        "c556918f-a570-5ef5-9af91-0e43de637ef",
    ] { #expect(packed(text) == nil) }
}
