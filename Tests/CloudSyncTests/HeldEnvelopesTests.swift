@testable import FieldProtocols
import GatewayModel
import Testing

@testable import CloudSync

@Suite struct HeldEnvelopesTests {
    private func page(_ seqs: ClosedRange<Int64>) -> EnvelopeReader.Page {
        var page = EnvelopeReader.Page(next: SequenceNumber(seqs.upperBound), more: false)
        for seq in seqs {
            let start = page.bytes.count
            page.bytes += Array("body \(seq)".utf8)
            page.envelopes.append(
                .init(
                    record: .init(seq: SequenceNumber(seq), device: nil),
                    place: .init(body: start..<page.bytes.count, derivedID: start..<start + 4), ownID: nil))
        }
        return page
    }

    @Test func whatIsLeftOfManyPagesKeepsItsBytesAndNotItsPages() {
        var held = HeldEnvelopes()
        for number in 0..<64 {
            held.append(page(Int64(number * 8 + 1)...Int64(number * 8 + 8)), from: UInt64(number * 8))
        }
        for slot in UInt64(0)..<512 where slot % 8 != 3 { held.remove(slot) }
        for slot in UInt64(0)..<512 {
            guard slot % 8 == 3 else {
                #expect(held[slot] == nil)
                continue
            }
            let envelope = held[slot]
            #expect(envelope?.seq == SequenceNumber(Int64(slot) + 1))
            #expect(envelope?.body.map { String(decoding: $0, as: UTF8.self) } == "body \(slot + 1)")
            #expect(envelope.map { String(decoding: $0.messageID, as: UTF8.self) } == "body")
            // A stretch of a page begins where the page has it, memory of its own at 0.
            if slot < 448 { #expect(envelope?.body?.startIndex == 0) }
        }
    }
}
