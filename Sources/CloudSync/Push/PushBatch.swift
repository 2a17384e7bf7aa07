internal import GatewayModel

/// Records of one lane that go out in one request, oldest first.
struct PushBatch: Sendable, Equatable {
    /// The slot of its first record: names the batch while it is under way.
    var slot: UInt64
    var lastSlot: UInt64
    var count: Int
    var firstSeq: SequenceNumber
    var lastSeq: SequenceNumber
    /// The share of the devices that it belongs to, and among how many.
    var share = 0
    var shares = 1

    /// Which of the machine's streams it belongs to.
    var stream: Int { PushWindow.stream(of: slot) }
}
