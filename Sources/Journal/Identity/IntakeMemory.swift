internal import GatewayModel

/// All that intake knows of past messages: bounded, rebuilt at start, and taken back when a transaction fails.
struct IntakeMemory: Sendable {
    var devices = DeviceTable()
    private(set) var ring = IdentityRing()
    /// Whether every message of the journal is in the ring, so that what is not there has never come.
    private(set) var isComplete: Bool
    private var window = RedeliveryWindow()
    private var windowBefore = RedeliveryWindow()
    private var added: [UInt64] = []
    private var addedSet: Set<UInt64> = []

    init(isComplete: Bool) { self.isComplete = isComplete }

    mutating func begin() {
        devices.begin()
        windowBefore = window
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
        window = windowBefore
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

    /// Opens a window for messages that a resumed session may repeat, or goes on with the one that is open.
    ///
    /// - Parameter count: what is left of the window as the transport counts: less than the last time if it goes on.
    mutating func openWindow(_ count: Int) {
        if count >= window.announced { window = RedeliveryWindow(min(count, IdentityRing.countMax), ring) }
        window.announced = count
    }

    /// Counts a message towards the window.
    ///
    /// - Parameter hash: of a message that can be known in no other way; nil for others.
    /// - Returns: whether it repeats one of those committed before the session was resumed.
    mutating func passWindow(_ hash: UInt64?) -> Bool { window.pass(hash) }
}
