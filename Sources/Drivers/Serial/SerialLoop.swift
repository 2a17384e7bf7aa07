import EventLoop
import GatewayModel
import Serial
import Synchronization

/// The serial thread: waits for all ports, reads, commits, answers. Everything in it belongs to that thread.
final class SerialLoop {
    let configuration: SerialIntake.Configuration
    let outlets: SerialIntake.Outlets
    let clock: any Clock
    let inbox: SerialInbox
    let leases: PortLeases
    let naming: DeviceNaming
    let poller: Poller
    let watch: PortWatch?
    var random: Jitter

    var links: [BoardLink]
    /// Open ports by the token of their events. A token is never used again, so that a late event finds nobody.
    var openLinks: [Int: BoardLink] = [:]
    var lastTicket = SerialLoop.portTokens
    var batch = ObservationBatch()
    var collisions = CollisionWatch()
    /// When a refused commit is tried again; nil while the journal takes batches.
    var commitRetryAt: Int64?
    var commitBackoff = Backoff(initial: .milliseconds(200), max: .seconds(5), stableAfter: .seconds(1))
    var lastScan: Int64 = .min / 2
    var lastListing: Int64 = .min / 2
    var scanRequested = true
    var statusChanged = true
    /// Devices with commands that no port reaches.
    var unreached: Set<DeviceID> = []
    /// Some board sent what makes no record.
    var hasHeard = false

    private let publish: ([SerialPortStatus], DriverCondition) -> Void
    private var lastPublished: Int64 = .min / 2
    private let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16_384, alignment: 16)

    private static let wakeupToken = 0
    private static let watchToken = 1
    private static let portTokens = 16
    /// Observations after which a batch is committed although more is waiting.
    private static let batchCountMax = 4_096
    private static let fewPorts = 8
    /// Links that leave no trace in the watched folders are found by looking this often.
    private static let scanEvery: Int64 = 2_000
    private static let scanGap: Int64 = 50
    private static let publishEvery: Int64 = 1_000

    init(
        _ configuration: SerialIntake.Configuration, outlets: SerialIntake.Outlets, clock: any Clock, seed: UInt64,
        inbox: SerialInbox, leases: PortLeases, publish: @escaping ([SerialPortStatus], DriverCondition) -> Void
    ) throws {
        self.configuration = configuration
        self.outlets = outlets
        self.clock = clock
        self.inbox = inbox
        self.leases = leases
        self.publish = publish
        naming = DeviceNaming(aliases: configuration.aliases)
        poller = try Poller(capacity: 512)
        watch = PortWatch()
        random = Jitter(seed: seed)
        links = configuration.places.map { BoardLink(place: $0) }
    }

    deinit { readBuffer.deallocate() }

    /// Runs until `stop` is set, then commits what has arrived and closes the ports.
    func run(_ stop: StopFlag) throws {
        try poller.add(stop.wakeup.fileDescriptor, .readable, token: Self.wakeupToken)
        if let watch { try poller.add(watch.fileDescriptor, .readable, token: Self.watchToken) }
        for link in links { offer(link) }
        defer {
            inbox.turnedAt.store(.max, ordering: .relaxed)
            shutDown()
        }
        while !stop.isSet {
            let now = clock.now()
            inbox.turnedAt.store(now.monotonicMilliseconds, ordering: .relaxed)
            serveInbox(now)
            if isScanDue(now) { scan(now) }
            serveTimers(now)
            publishIfDue(now)
            try poller.wait(timeout: timeout(since: now)) { handle($0, stop) }
            let mayCommit = !batch.isEmpty && commitRetryAt == nil
            if mayCommit { try gather(stop) }
            if hasHeard { keepHeard() }
            guard mayCommit else { continue }
            inbox.turnedAt.store(.max, ordering: .relaxed)
            commit()
        }
    }

    var now: ReceiveTime { clock.now() }

    /// Lets others join the batch: sleeping once and reading all is cheaper than waking for each. A few boards gain nothing
    /// by it, and what has been read and not committed is lost if we are killed.
    private func gather(_ stop: StopFlag) throws {
        guard batch.count < Self.batchCountMax, openLinks.count > Self.fewPorts else { return }
        if configuration.linger > .zero { _ = stop.sleep(for: configuration.linger) }
        try poller.wait(timeout: .zero) { handle($0, stop) }
    }

    private func handle(_ event: Poller.Event, _ stop: StopFlag) {
        switch event.token {
        case Self.wakeupToken: stop.wakeup.drain()
        case Self.watchToken: if watch?.drain() == true { scanRequested = true }
        default:
            guard let link = openLinks[event.token] else { return }
            if event.isReadable || event.isHangup { read(from: link, isHangup: event.isHangup, into: readBuffer) }
            if event.isWritable { flush(link) }
        }
    }

    private func isScanDue(_ now: ReceiveTime) -> Bool {
        now.monotonicMilliseconds >= nextScan
    }

    /// When to look at the links again: now and then, soon if something hints at it or a port is to be tried again.
    private var nextScan: Int64 {
        var wanted = scanRequested ? lastScan : lastScan + Self.scanEvery
        for link in links { wanted = min(wanted, link.retryAt ?? wanted) }
        return max(wanted, lastScan + Self.scanGap)
    }

    private func timeout(since now: ReceiveTime) -> Duration {
        let milliseconds = now.monotonicMilliseconds
        var due = nextScan
        if statusChanged { due = min(due, lastPublished + Self.publishEvery) }
        if let commitRetryAt { due = min(due, commitRetryAt) }
        for link in links { due = min(due, link.due ?? due) }
        return .milliseconds(max(0, due - milliseconds))
    }

    private func publishIfDue(_ now: ReceiveTime) {
        guard statusChanged, now.monotonicMilliseconds - lastPublished >= Self.publishEvery else { return }
        publishNow(now)
    }

    /// Shows the state of the ports to other threads.
    func publishNow(_ now: ReceiveTime) {
        lastPublished = now.monotonicMilliseconds
        statusChanged = false
        let condition: DriverCondition =
            commitRetryAt == nil ? .working : .degraded("the journal takes no records; ports are not read meanwhile")
        publish(links.map(\.status), condition)
    }

    private func shutDown() {
        let now = clock.now()
        for link in openLinks.values { takeHeld(link, now) }
        if !batch.isEmpty { commit() }
        for link in links {
            leases.withdraw(link.place.path)
            close(link)
        }
        awaitClosing(until: now.monotonicMilliseconds + Self.closingMax)
        publish(links.map(\.status), .stopped)
    }

    /// A port that hangs is left to the kernel.
    private static let closingMax: Int64 = 2_000

    /// Whoever starts us again, or takes a port, finds it free.
    private func awaitClosing(until end: Int64) {
        while links.contains(where: \.isClosing), case let left = end - clock.now().monotonicMilliseconds, left > 0 {
            inbox.wakeup.wait(timeout: .milliseconds(left))
            guard let contents = inbox.take() else { continue }
            for outcome in contents.tuned { startClosing(outcome.port, outcome.ticket) }
            for ticket in contents.closed { finishClosing(ticket) }
        }
    }
}
