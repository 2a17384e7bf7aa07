internal import FieldProtocols
internal import GatewayModel

/// The envelopes between their reading and their acknowledgement, by slot.
///
/// They are stretches of their page's buffer. Of a page that has few left, these get memory of their own, so that a device
/// in trouble does not keep whole pages.
struct HeldEnvelopes {
    struct Envelope {
        var seq: SequenceNumber
        /// Nil for a record without a device.
        var body: ArraySlice<UInt8>?
        var messageID: ArraySlice<UInt8>
    }

    private struct Page {
        var slots: Range<UInt64>
        var heldCount: Int
    }

    /// Pages whose buffers are kept, however few of their envelopes are left.
    private static let wholePagesMax = 8

    private var envelopes: [UInt64: Envelope] = [:]
    private var pages: [Page] = []

    subscript(slot: UInt64) -> Envelope? { envelopes[slot] }

    mutating func append(_ page: EnvelopeReader.Page, from firstSlot: UInt64) {
        var slot = firstSlot
        for envelope in page.envelopes {
            let messageID = envelope.place?.derivedID.map { page.bytes[$0] } ?? ArraySlice((envelope.ownID ?? "").utf8)
            envelopes[slot] = Envelope(
                seq: envelope.record.seq, body: (envelope.place?.body).map { page.bytes[$0] }, messageID: messageID)
            slot += 1
        }
        if slot > firstSlot { pages.append(Page(slots: firstSlot..<slot, heldCount: page.envelopes.count)) }
    }

    mutating func remove(_ slot: UInt64) {
        guard envelopes.removeValue(forKey: slot) != nil,
            let index = pages.firstIndex(where: { $0.slots.contains(slot) })
        else { return }
        pages[index].heldCount -= 1
        if pages[index].heldCount == 0 {
            pages.remove(at: index)
        } else if pages.count > Self.wholePagesMax, pages[index].heldCount <= pages[index].slots.count / 4 {
            detach(pages.remove(at: index).slots)
        }
    }

    private mutating func detach(_ slots: Range<UInt64>) {
        for slot in slots {
            guard let envelope = envelopes[slot] else { continue }
            envelopes[slot]?.body = envelope.body.map { ArraySlice(Array($0)) }
            envelopes[slot]?.messageID = ArraySlice(Array(envelope.messageID))
        }
    }
}
