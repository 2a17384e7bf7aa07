/// What is missing of all devices, in one list ordered by device: few have holes, and all of them together are bounded.
///
/// A hole that has to go makes a late message look repeated; then it is looked up on disk, and stored with a flag if it
/// is not there.
struct HolePool {
    private struct Place {
        var device: UInt32
        var hole: DeviceProgress.Hole
    }

    static let countMax = 8_192

    private var places: [Place] = []
    /// Where the next one is given up when there are too many: everywhere in turn.
    private var hand = 0

    init() { places.reserveCapacity(Self.countMax + DeviceProgress.holeCountMax) }

    func holes(of device: UInt32) -> [DeviceProgress.Hole] { places[range(of: device)].map(\.hole) }

    mutating func set(_ holes: [DeviceProgress.Hole], of device: UInt32) {
        places.replaceSubrange(range(of: device), with: holes.map { Place(device: device, hole: $0) })
        while places.count > Self.countMax {
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
