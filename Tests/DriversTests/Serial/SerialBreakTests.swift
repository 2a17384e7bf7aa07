import Drivers
import EventLoop
import GatewayModel
import GatewayTestKit
import Serial
import Testing

/// Ports that cannot be used, and what they do to the others.
@Suite(.timeLimit(.minutes(5))) struct SerialBreakTests {
    private static var mayHangUp: Bool { (try? PtyPair(gatewayEnd: .free))?.hangUp() == true }

    /// An adapter whose device is broken: it can be opened, and breaks at once, again and again.
    @Test(.enabled(if: mayHangUp, "hanging up a terminal takes CAP_SYS_ADMIN"))
    func aPortThatBreaksAsSoonAsItIsOpenIsOpenedEverMoreRarelyAndHoldsUpNoOther() async throws {
        let site = try SerialSite()
        let cable = try PtyPair(gatewayEnd: .free)
        let broken = site.link(SerialSite.otherName)
        try cable.link(at: broken)
        var board = try site.plugIn()
        let clock = SystemClock(isVouched: true)
        try await site.run(site.configuration(SerialSite.name, SerialSite.otherName)) { intake in
            var closed: [Int64] = []
            var states: Set<String> = []
            while closed.count < 7 {
                let count = closed.count
                // Hung up only once the driver has it: one that breaks while it is being opened is another failure, and
                // each makes the next wait longer.
                let isOpen = Eventually.holds(within: .seconds(60)) {
                    intake.ports().contains { $0.path == broken && $0.state == .open }
                }
                try #require(isOpen)
                cable.hangUp()
                await site.wait { $0.notes("serial_port_closed").count > count }
                closed.append(clock.now().monotonicMilliseconds)
                states.formUnion(intake.ports().filter { $0.path == broken }.map(\.state.name))
                board.sendTelemetry(marker: closed.count)
                await site.wait { $0.sequences(of: SerialSite.device).count == count + 1 }
            }
            let waits = zip(closed.dropFirst(), closed).map { $0 - $1 }
            // Drawn from zero up to a ceiling that doubles from 250 ms. Opened at once it would break every 50 ms.
            #expect(waits.reduce(0, +) > 1_500, "\(waits)")
            // It waits for its time, and is not taken for one that has gone.
            #expect(states.contains("failing"))
            #expect(intake.ports().map(\.state.name).first == "open")
        }
    }
}
