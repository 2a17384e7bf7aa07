/// What few devices have much of, in one list ordered by device, so that all of it together is bounded.
struct DevicePool<Element: Sendable>: Sendable {
    private struct Place {
        var element: Element
        var device: UInt32
    }

    let countMax: Int
    private var places: [Place] = []
    /// Where the next one is given up when there are too many: everywhere in turn.
    private var hand = 0

    init(countMax: Int) { self.countMax = countMax }

    func elements(of device: UInt32) -> [Element] { places[range(of: device)].map(\.element) }

    mutating func set(_ elements: [Element], of device: UInt32) {
        if places.capacity == 0 { places.reserveCapacity(countMax + 64) }
        places.replaceSubrange(range(of: device), with: elements.map { Place(element: $0, device: device) })
        while places.count > countMax {
            hand = (hand + 1) % places.count
            places.remove(at: hand)
        }
    }

    var byteCount: Int { places.capacity * MemoryLayout<Place>.stride }

    private func range(of device: UInt32) -> Range<Int> {
        let start = firstPlace(from: device)
        var end = start
        while end < places.count, places[end].device == device { end += 1 }
        return start..<end
    }

    private func firstPlace(from device: UInt32) -> Int {
        var low = 0
        var high = places.count
        while low < high {
            let middle = (low + high) / 2
            if places[middle].device < device { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
