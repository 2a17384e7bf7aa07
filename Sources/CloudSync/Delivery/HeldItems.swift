internal import GatewayModel

/// What was read and is not finished, by slot.
///
/// Items are stretches of their page's buffer. Of a page that has few left, these get memory of their own, so that a device
/// in trouble does not keep whole pages.
struct HeldItems {
    private struct Page {
        var slots: Range<UInt64>
        var heldCount: Int
    }

    /// Pages whose buffers are kept, however few of their items are left.
    private static let wholePagesMax = 8

    private var items: [UInt64: DeliveryItem] = [:]
    private var pages: [Page] = []

    subscript(slot: UInt64) -> DeliveryItem? { items[slot] }
    var count: Int { items.count }

    /// Holds those of `page` that `isWanted`; they have consecutive slots.
    mutating func append(_ page: some Sequence<DeliveryItem>, from firstSlot: UInt64, where isWanted: (UInt64) -> Bool)
    {
        var slot = firstSlot
        var heldCount = 0
        for item in page {
            if isWanted(slot) {
                items[slot] = item
                heldCount += 1
            }
            slot += 1
        }
        if heldCount > 0 { pages.append(Page(slots: firstSlot..<slot, heldCount: heldCount)) }
    }

    mutating func remove(_ slot: UInt64) {
        guard items.removeValue(forKey: slot) != nil, let index = pages.firstIndex(where: { $0.slots.contains(slot) })
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
            guard let item = items[slot] else { continue }
            items[slot]?.bytes = ArraySlice(Array(item.bytes))
            items[slot]?.identity = ArraySlice(Array(item.identity))
        }
    }
}
