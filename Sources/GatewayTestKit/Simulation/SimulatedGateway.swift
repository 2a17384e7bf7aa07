internal import CloudSync
internal import GatewayModel
internal import Journal

/// One life of the simulated gateway: everything it holds in memory is gone with it.
final class SimulatedGateway {
    static let id = "gw-simulated"

    let life: Int
    let journal: Journal
    let seals: SealTable
    let bug: PlantedBug?
    let clock: VirtualClock
    var intake: SimulatedIntake
    private(set) var destinations: [SimulatedDestination] = []
    private unowned let site: SiteSimulation

    init(_ life: Int, _ site: SiteSimulation, _ clock: VirtualClock) throws {
        self.life = life
        self.site = site
        self.clock = clock
        bug = site.bug
        intake = SimulatedIntake(site.plan, bug: site.bug)
        (journal, seals) = try site.storage.open(clock, boot: site.boots)
    }

    /// As the daemon does when it starts.
    func begin(seed: UInt64) throws {
        var required = site.plan.destinations.enumerated().flatMap { index, plan in
            plan.streams.map { RequiredConsumer(SimulatedDestination.name(index), $0) }
        }
        if site.plan.isPullerRequired {
            required += site.pullers.map { RequiredConsumer($0.name, .readings) }
        }
        try journal.declare(required, named: Set(site.pullers.map(\.name)))
        destinations = try site.plan.destinations.enumerated().map {
            try SimulatedDestination($0.offset, $0.element, self, seed: seed &+ UInt64($0.offset))
        }
    }

    /// The monotonic clock.
    var now: Int64 { clock.now().monotonicMilliseconds }

    /// Devices that have been heard.
    var devices: [String] { site.devices.map(\.name) }

    func isDelivered(_ identity: String, _ server: Int) -> Bool { site.servers[server].has(identity) }

    /// Between any two steps the gateway may die.
    func step(_ what: StaticString, _ first: Int64 = 0, _ second: Int64 = 0) throws {
        site.trace.note(site.time, what, first, second)
        if site.diesNow() { throw SimulatedDeath() }
    }

    func send(_ server: Int, slot: UInt64, _ content: SimulatedRequest.Content) throws {
        site.send(SimulatedRequest(server: server, life: life, slot: slot, content: content))
        try step("sent", Int64(server), Int64(clamping: slot))
    }

    /// Does something with the disk; whether it worked. Throws if that was the end.
    func onDisk(_ work: () throws -> Void) throws -> Bool {
        do {
            try work()
            if site.storage.disk.isOff { throw SimulatedDeath() }
            return true
        } catch {
            if site.storage.disk.isOff { throw SimulatedDeath() }
            guard site.diskIsTroubled else { throw SimulationViolation("fails on a sound disk: \(error)") }
            return false
        }
    }
}
