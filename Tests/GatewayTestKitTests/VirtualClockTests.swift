import GatewayModel
import GatewayTestKit
import Testing

struct VirtualClockTests {
    @Test func onlyTheWallClockJumps() {
        let clock = VirtualClock()
        let start = clock.now()
        clock.advance(by: .milliseconds(1_500))
        clock.setWall(milliseconds: 7, trusted: false)
        #expect(clock.now().monotonicMilliseconds == start.monotonicMilliseconds + 1_500)
        #expect(clock.now().wall == Timestamp(milliseconds: 7, trusted: false))
    }

    @Test func oneSeedGivesOneStream() {
        var (a, b) = (SeededRandom(seed: 9), SeededRandom(seed: 9))
        #expect((0..<100).map { _ in a.next() } == (0..<100).map { _ in b.next() })
        // The first values of SplitMix64 for seed 0, from its publication.
        var zero = SeededRandom(seed: 0)
        #expect(zero.next() == 0xE220_A839_7B1D_CDAF)
    }
}
