internal import GatewayModel

/// What was read and is not finished, by slot.
///
/// Items are stretches of their page's buffer. Of a page that has few left, these get memory of their own, so that a device
/// in trouble does not keep whole pages.
struct HeldItems {
    private struct Page {
        var firstSlot: UInt64
        /// Of consecutive slots; nil: finished.
        var items: [DeliveryItem?]
        var heldCount: Int
    }

    /// Pages whose buffers are kept, however few of their items are left.
    private static let wholePagesMax = 8

    /// Few, so that looking through them is faster than a table of all items.
    private var pages: [Page] = []
    /// What is left of pages that are gone.
    private var single: [UInt64: DeliveryItem] = [:]

    subscript(slot: UInt64) -> DeliveryItem? {
        if let place = place(of: slot) { return pages[place.page].items[place.index] }
        return single.isEmpty ? nil : single[slot]
    }

    var count: Int { pages.reduce(single.count) { $0 + $1.heldCount } }

    /// Holds those of `page` that `isWanted`; they have consecutive slots.
    mutating func append(_ page: some Sequence<DeliveryItem>, from firstSlot: UInt64, where isWanted: (UInt64) -> Bool)
    {
        var held = Page(firstSlot: firstSlot, items: [], heldCount: 0)
        held.items.reserveCapacity(page.underestimatedCount)
        for item in page {
            let isHeld = isWanted(firstSlot + UInt64(held.items.count))
            held.items.append(isHeld ? item : nil)
            if isHeld { held.heldCount += 1 }
        }
        if held.heldCount > 0 { pages.append(held) }
    }

    mutating func remove(_ slot: UInt64) {
        guard let (page, index) = place(of: slot) else {
            if !single.isEmpty { single[slot] = nil }
            return
        }
        guard pages[page].items[index] != nil else { return }
        pages[page].items[index] = nil
        pages[page].heldCount -= 1
        if pages[page].heldCount == 0 {
            pages.remove(at: page)
        } else if pages.count > Self.wholePagesMax, pages[page].heldCount <= pages[page].items.count / 4 {
            detach(pages.remove(at: page))
        }
    }

    private func place(of slot: UInt64) -> (page: Int, index: Int)? {
        for page in pages.indices {
            let first = pages[page].firstSlot
            if slot >= first, slot - first < pages[page].items.count { return (page, Int(slot - first)) }
        }
        return nil
    }

    private mutating func detach(_ page: Page) {
        for (index, item) in page.items.enumerated() {
            guard var item else { continue }
            item.bytes = ArraySlice(Array(item.bytes))
            item.identity = ArraySlice(Array(item.identity))
            single[page.firstSlot + UInt64(index)] = item
        }
    }
}
