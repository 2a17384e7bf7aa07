import GatewayTestKit
import Testing

@testable import Journal

@Test func theRingKnowsExactlyTheNewestMessages() {
    var random = SeededRandom(seed: 5)
    var ring = IdentityRing()
    var all: [UInt64] = []
    for _ in 0..<IdentityRing.countMax * 2 + 77 {
        // Few high bits, so that many share their place in the table.
        let hash = random.next() & 0x3FF_FFFF | 1
        ring.append(hash)
        all.append(hash)
    }
    let newest = Set(all.suffix(IdentityRing.countMax))
    #expect(newest.allSatisfy { ring.contains($0) })
    var wrong = 0
    for hash in all.dropLast(IdentityRing.countMax) where !newest.contains(hash) && ring.contains(hash) { wrong += 1 }
    #expect(wrong == 0)
    var last: [UInt64] = []
    ring.newest(3) { last.append($0) }
    #expect(last == Array(all.suffix(3).reversed()))
}

@Test func holesFollowWhatIsMissing() {
    var random = SeededRandom(seed: 9)
    for _ in 0..<300 {
        var progress = DeviceProgress()
        var seen: Set<UInt32> = []
        for _ in 0..<60 {
            let seq = UInt32(random.integer(in: 0...40))
            if progress.isSeen(seq) != seen.contains(seq) {
                // Forgotten holes may look seen, never the other way round.
                #expect(progress.isSeen(seq) && progress.holes.count >= DeviceProgress.holeCountMax - 1)
            }
            progress.take(seq)
            seen.insert(seq)
        }
        #expect(progress.high == seen.max() && progress.low == seen.min())
    }
}
