import EventLoop
import FieldProtocols
import GatewayModel
import Serial

/// One board's place and, while it is there, the open port. Owned by the serial thread.
final class BoardLink {
    /// How the link stands; the port exists in `open` alone.
    enum Standing {
        case absent
        /// There, but it could not be opened: tried again at this time (milliseconds of the monotonic clock).
        case failing(retryAt: Int64)
        case opening(ticket: Int)
        case open(SerialPort, ticket: Int)
        /// Given back to the kernel, which may take its time.
        case closing(ticket: Int, deviceNumber: UInt64)
        case lent
    }

    /// What a link is once its port is closed.
    enum Sequel {
        case absent
        case failing(retryAt: Int64, SerialError)
        case lent
    }

    /// Where to look for the board; changes for discovered ones, which are known by their identity.
    var place: SerialPlace
    let discoveredIdentity: PortIdentity?

    var standing = Standing.absent
    var sequel = Sequel.absent
    /// Somebody wants to borrow the port that is being opened.
    var isWanted = false
    /// As it was listed when it was last opened.
    var entry: PortEntry?
    var device: DeviceName?
    var talk: (any PortTalk & ~Copyable)?
    /// What is kept of the numbers it was heard with.
    var keptHeard: [ClosedRange<UInt32>] = []
    /// Bytes that wait for a HELLO, since the device's name depends on it.
    var recognition: Recognition?
    /// The port is about to be closed.
    var isLeaving = false
    var output = OutputQueue()
    /// The port is being set to another speed: nothing is read, sent or closed before that has ended.
    var isTuning = false
    /// Whether the poller tells when the port takes more.
    var isWaitingForRoom = false
    /// Since when the port has taken nothing (milliseconds of the monotonic clock); nil while nothing waits.
    var stalledSince: Int64?
    /// Whether the board is to be told of the next commit.
    var isReceiptDue = false
    var backoff = Backoff(initial: .milliseconds(250), max: .seconds(4), stableAfter: .seconds(10))
    /// Notes of a port that comes and goes all the time.
    var noteLimit = RateLimit(burst: 20, every: .seconds(60))
    /// Devices behind this one for which commands wait.
    var commandedBehind: Set<DeviceID> = []
    /// When to ask the command queue again; nil if only a new command, or the end of one, is a reason to.
    var fetchAt: Int64?
    var status: SerialPortStatus

    init(place: SerialPlace, discoveredIdentity: PortIdentity? = nil) {
        self.place = place
        self.discoveredIdentity = discoveredIdentity
        status = SerialPortStatus(
            path: place.path, driver: place.kind, isDiscovered: discoveredIdentity != nil)
    }

    var openPort: SerialPort? {
        if case .open(let port, _) = standing { port } else { nil }
    }

    var isClosing: Bool {
        if case .closing = standing { true } else { false }
    }

    /// Whether the port is being opened or closed.
    var isChanging: Bool {
        switch standing {
        case .opening, .closing: true
        case .absent, .failing, .open, .lent: false
        }
    }

    /// The port that we hold.
    var deviceNumber: UInt64? {
        switch standing {
        case .open(let port, _): port.deviceNumber
        case .closing(_, let number): number
        case .absent, .failing, .opening, .lent: nil
        }
    }

    /// Whether another device can be reached over this port.
    func reach(of device: DeviceID) -> PortReach {
        guard openPort != nil, recognition == nil, !isLeaving else { return .none }
        return talk?.reach(of: device) ?? .none
    }

    /// When opening is tried again; nil unless it failed.
    var retryAt: Int64? {
        if case .failing(let retryAt) = standing { retryAt } else { nil }
    }

    /// When this link wants attention next (milliseconds of the monotonic clock); nil if only events concern it.
    var due: Int64? {
        if isTuning { return nil }
        var times = [fetchAt, talk?.due, recognition?.deadline]
        if let stalledSince { times.append(stalledSince + Self.stallMilliseconds) }
        return times.compactMap { $0 }.min()
    }

    /// Adds what has been decoded since `before` to the counts that outlive the conversation.
    func count(since before: PortCounters) {
        guard let after = talk?.counters else { return }
        status.counts.messages += Int(after.messages - before.messages)
        status.counts.observations += Int(after.observations - before.observations)
        status.counts.damaged += Int(after.damaged - before.damaged)
        status.counts.withheldLines += Int(after.withheldLines - before.withheldLines)
        status.counts.missing += Int(after.missing - before.missing)
        status.counts.repeated += Int(after.repeated - before.repeated)
        status.counts.late += Int(after.late - before.late)
    }

    /// A port that takes nothing for this long loses what waits for it: a command that old would surprise people.
    static let stallMilliseconds: Int64 = 10_000
}
