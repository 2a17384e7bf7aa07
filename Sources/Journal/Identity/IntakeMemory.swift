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

    /// What it takes beside an open transaction and a session that was just resumed.
    var byteCount: Int { devices.byteCount + ring.byteCount }

    /// Some message of the journal cannot be read.
    mutating func forgetCompleteness() { isComplete = false }

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

    /// Opens a window for messages that a resumed session may repeat, or closes it.
    mutating func begin(_ session: SessionStart) {
        switch session {
        case .fresh: window = RedeliveryWindow()
        case .resumed(let underWayMax): window = RedeliveryWindow(expected: underWayMax, ring)
        }
    }

    /// Whether a message that was sent before is one of those committed before its session was resumed.
    mutating func isRepeated(_ hash: UInt64) -> Bool { window.repeats(hash, ring) }
}
