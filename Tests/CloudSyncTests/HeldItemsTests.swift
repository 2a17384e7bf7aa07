import GatewayModel
import Testing

@testable import CloudSync

@Suite struct HeldItemsTests {
    private func page(_ seqs: ClosedRange<Int64>) -> [DeliveryItem] {
        var bytes: [UInt8] = []
        let ranges = seqs.map { seq in
            let start = bytes.count
            bytes += Array("body \(seq)".utf8)
            return start..<bytes.count
        }
        return zip(seqs, ranges).map {
            DeliveryItem(seq: SequenceNumber($0), device: nil, bytes: bytes[$1], identity: [])
        }
    }

    @Test func whatIsLeftOfManyPagesKeepsItsBytesAndNotItsPages() {
        var held = HeldItems()
        for number in 0..<64 {
            held.append(page(Int64(number * 8 + 1)...Int64(number * 8 + 8)), from: UInt64(number * 8)) { _ in true }
        }
        for slot in UInt64(0)..<512 where slot % 8 != 3 { held.remove(slot) }
        #expect(held.count == 64)
        for slot in UInt64(0)..<512 where slot % 8 == 3 {
            let item = held[slot]
            #expect(item?.seq == SequenceNumber(Int64(slot) + 1))
            #expect(item.map { String(decoding: $0.bytes, as: UTF8.self) } == "body \(slot + 1)")
            // A stretch of a page begins where the page has it, memory of its own at 0.
            if slot < 448 { #expect(item?.bytes.startIndex == 0) }
        }
    }
}
