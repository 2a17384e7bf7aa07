internal import GatewayModel

/// All that intake knows of past messages: bounded, rebuilt at start, and taken back when a transaction fails.
struct IntakeMemory: Sendable {
    var devices = DeviceTable()
    private(set) var ring = IdentityRing()
    /// Whether every message of the journal is in the ring, so that what is not there has never come.
    private(set) var isComplete: Bool
    /// By transport.
    private var windows: [UInt8: RedeliveryWindow] = [:]
    private var windowsBefore: [UInt8: RedeliveryWindow] = [:]
    private var added: [UInt64] = []
    private var addedSet: Set<UInt64> = []

    init(isComplete: Bool) { self.isComplete = isComplete }

    mutating func begin() {
        devices.begin()
        windowsBefore = windows
        added.removeAll(keepingCapacity: true)
        addedSet.removeAll(keepingCapacity: true)
    }

    mutating func commit() {
        for hash in added { remember(hash) }
        added.removeAll(keepingCapacity: true)
        addedSet.removeAll(keepingCapacity: true)
    }

    mutating func rollBack() {
        devices.rollBack()
        windows = windowsBefore
        added.removeAll(keepingCapacity: true)
        addedSet.removeAll(keepingCapacity: true)
    }

    func knows(_ hash: UInt64) -> Bool { ring.contains(hash) || addedSet.contains(hash) }

    mutating func add(_ hash: UInt64) {
        added.append(hash)
        addedSet.insert(hash)
    }

    /// Adds a message that is durable already.
    mutating func remember(_ hash: UInt64) {
        if ring.count == IdentityRing.countMax { isComplete = false }
        ring.append(hash)
    }

    /// Opens the transport's window, or goes on with the one that is open.
    mutating func openWindow(_ count: Int, for source: SourceKind) {
        if count <= 0 {
            windows[source.rawValue] = nil
        } else if windows[source.rawValue].map({ $0.remaining < count }) ?? true {
            windows[source.rawValue] = RedeliveryWindow(min(count, IdentityRing.countMax), ring)
        }
    }

    /// Counts a message towards its transport's window.
    ///
    /// - Parameter hash: of a message that can be known in no other way; nil for others.
    /// - Returns: whether it repeats one of those committed before the session was resumed.
    mutating func passWindow(_ source: SourceKind, _ hash: UInt64?) -> Bool {
        guard !windows.isEmpty, var window = windows[source.rawValue] else { return false }
        windows[source.rawValue] = nil
        let isRepeated = hash.map { window.take($0) } ?? false
        window.pass()
        if window.remaining > 0 { windows[source.rawValue] = window }
        return isRepeated
    }
}
